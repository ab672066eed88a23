import type { Artifact } from '../../fleet/index.ts';
import type { EntityColumn } from '../fleet/entity-table.ts';

/** How artifacts are listed. */
export const ARTIFACT_COLUMNS: readonly EntityColumn<Artifact>[] = [
  { title: 'artifact', value: (entity) => entity.artifactId },
  { title: 'package', value: (entity) => entity.packageId },
  { title: 'version', value: (entity) => entity.version },
  { title: 'blueprints', value: (entity) => entity.blueprintIds },
  { title: 'sizeBytes', value: (entity) => entity.sizeBytes, align: 'right' },
  { title: 'SHA-256', value: (entity) => entity.sha256.slice(0, 12) },
  { title: 'signatures', value: (entity) => entity.signatures.length, align: 'right' },
  { title: 'createdAtMs', value: (entity) => entity.createdAtMs },
];

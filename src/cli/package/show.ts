import type { Artifact, Package, Page } from '../../fleet/index.ts';
import { ARTIFACT_COLUMNS } from '../artifact/columns.ts';
import type { CliContext } from '../context.ts';
import { entityTable } from '../fleet/entity-table.ts';
import type { CommonOptions } from '../fleet/options.ts';
import { report, segment, withFleet } from '../fleet/verb.ts';

/** `otakit package show`: the package, and its version history with the newest first. */
export async function showPackage(
  packageId: string,
  options: CommonOptions,
  context: CliContext,
): Promise<void> {
  const path = `/packages/${segment(packageId)}`;
  const [found, versions] = await withFleet(options, context, async (api) => [
    await api.get<Package>(path),
    await api.get<Page<Artifact>>(`${path}/versions`, { sort: '-createdAtMs', perPage: 1000 }),
  ]);
  if (options.json === true) {
    report(context, options, { ...found, versions: versions.list });
    return;
  }
  report(context, options, found);
  if (versions.list.length > 0) {
    context.stdout.write(`\n${entityTable(ARTIFACT_COLUMNS, versions.list)}\n`);
  }
  if (versions.total > versions.list.length) {
    context.stderr.write(`${versions.list.length} of ${versions.total}; see \`artifact list\`\n`);
  }
}

import { expandFlashFile, type ImageInspection, inspectImage } from '../../app-image/index.ts';
import type { ByteSource } from '../../shared/index.ts';
import { openInputFile } from '../files.ts';
import { toJson } from '../json.ts';
import type { Cli } from '../nouns.ts';
import { renderIssues } from '../render-issues.ts';
import type { PartitionContents } from './flash-view.ts';
import { renderInspection, renderPartitions } from './render-inspection.ts';

export interface InfoArguments {
  readonly json?: true;
}

/** `otakit image info FILE` */
export async function info(path: string, options: InfoArguments, { context }: Cli): Promise<void> {
  await using file = await openInputFile(path);
  const outer = await inspectImage(file);
  let inner: ImageInspection | null = null;
  let source: ByteSource = file;
  if (outer.kind === 'intel-hex' || outer.kind === 'uf2') {
    source = await expandFlashFile(file, outer.kind);
    inner = await inspectImage(source);
  }
  const shown = inner ?? outer;
  const partitions = await partitionsOf(source, shown);
  if (options.json) {
    const report = partitions === null ? shown : { ...shown, partitions };
    context.stdout.write(toJson(inner === null ? report : { ...outer, contents: report }));
    return;
  }
  context.stdout.write(renderInspection(shown, path, inner === null ? null : outer.kind));
  if (partitions !== null) context.stdout.write(renderPartitions(partitions));
  renderIssues(shown.issues, path, context.stderr, context.env);
}

async function partitionsOf(
  source: ByteSource,
  inspection: ImageInspection,
): Promise<readonly PartitionContents[] | null> {
  if (inspection.kind !== 'merged-image' || inspection.partitionTable === null) return null;
  const { describePartitions } = await import('./flash-view.ts');
  return describePartitions(source, inspection);
}

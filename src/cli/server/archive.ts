import { createReadStream } from 'node:fs';
import { open, rename, rm, stat } from 'node:fs/promises';
import { randomUUID } from 'node:crypto';
import { counted, formatSize } from '../../shared/index.ts';
import { CliError } from '../codes.ts';
import { connectFleet, type FleetOptions, type OutputOptions } from '../fleet/connection.ts';
import { openInputFile } from '../files.ts';
import { toJson } from '../json.ts';
import type { Cli } from '../nouns.ts';

export type ArchiveOptions = FleetOptions & OutputOptions;

/** `otakit server backup -o FILE`: the whole fleet as one file, while it is in use. */
export async function backup(
  {
    output,
    force,
    ...options
  }: ArchiveOptions & { readonly output: string; readonly force?: true },
  { context }: Cli,
): Promise<void> {
  if (force !== true && (await exists(output))) {
    throw new CliError('cli/file-exists', `${output} exists already`, {
      hint: 'Choose another name, or overwrite it with --force.',
      details: { path: output },
    });
  }
  await using fleet = await connectFleet(options, context);
  const answer = await fleet.api.open('/backup', { method: 'POST' });
  // Under another name until it is whole: half a backup is none.
  const temporary = `${output}.${randomUUID()}.tmp`;
  let bytes = 0;
  try {
    await using file = await open(temporary, 'wx', 0o600);
    for await (const chunk of answer.body ?? []) {
      const piece = chunk as Uint8Array;
      await file.writeFile(piece);
      bytes += piece.length;
    }
    await file.sync();
    await rename(temporary, output);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  if (options.json) context.stdout.write(toJson({ file: output, sizeBytes: bytes }));
  else context.stdout.write(`${output}: ${formatSize(bytes)}, the whole fleet\n`);
}

/** What a server says of a restore. */
interface Restored {
  readonly createdAtMs: number;
  readonly artifacts: number;
  readonly devices: number;
  readonly keptAs: string | null;
}

/** `otakit server restore FILE`: puts the fleet of a backup in place of what is there. */
export async function restore(
  path: string,
  options: ArchiveOptions,
  { context }: Cli,
): Promise<void> {
  {
    // Says in our words what is wrong with a file that cannot be read.
    await using _file = await openInputFile(path);
  }
  const { size } = await stat(path);
  await using fleet = await connectFleet(options, context);
  const bytes = createReadStream(path) as AsyncIterable<Uint8Array>;
  const restored = await fleet.api.upload<Restored>('/restore', {}, bytes, size);
  if (options.json) {
    context.stdout.write(toJson(restored));
    return;
  }
  const { createdAtMs, artifacts, devices, keptAs } = restored;
  const at = new Date(createdAtMs).toISOString();
  context.stdout.write(
    `Restored the fleet of ${at}: ${counted(artifacts, 'artifact')}, ${counted(devices, 'device')}\n`,
  );
  if (keptAs !== null) context.stdout.write(`The database from before is ${keptAs}\n`);
}

async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch {
    return false;
  }
}

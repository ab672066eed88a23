import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { planSplit } from '../../app-image/index.ts';
import { formatCount, formatHex } from '../../shared/index.ts';
import { CliError } from '../codes.ts';
import { openInputFile, writeOutputFile } from '../files.ts';
import { toJson } from '../json.ts';
import type { Cli } from '../nouns.ts';

export interface SplitArguments {
  readonly output: string;
  readonly force?: true;
  readonly json?: true;
}

/** `otakit image split FILE -o DIR` */
export async function split(
  path: string,
  options: SplitArguments,
  { context }: Cli,
): Promise<void> {
  await using file = await openInputFile(path);
  const { source, parts } = await planSplit(file);
  await makeFolder(options.output);
  const written = [];
  for (const { kind, fileName, fileOffset, flashOffset, sizeBytes } of parts) {
    const target = join(options.output, fileName);
    const bytes = await source.read(fileOffset, sizeBytes);
    await writeOutputFile(target, bytes, { overwrite: options.force === true });
    written.push({ kind, path: target, fileOffset, flashOffset, sizeBytes });
  }
  if (options.json) {
    context.stdout.write(toJson({ file: path, parts: written }));
    return;
  }
  for (const { kind, path: target, flashOffset, sizeBytes } of written) {
    context.stdout.write(
      `${target}: ${kind} at ${formatHex(flashOffset)}, ${formatCount(sizeBytes)} bytes\n`,
    );
  }
}

async function makeFolder(path: string): Promise<void> {
  try {
    await mkdir(path, { recursive: true });
  } catch (cause) {
    throw new CliError('cli/file-not-writable', `the folder ${path} cannot be made`, {
      hint: 'Choose a folder that you may write to.',
      details: { path },
      cause,
    });
  }
}

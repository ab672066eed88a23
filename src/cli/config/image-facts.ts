import { describeNotAppImage, inspectImage } from '../../app-image/index.ts';
import type { TagFacts } from '../../machine-config/index.ts';
import { memorySource, sha256, toHex } from '../../shared/index.ts';
import { CliError } from '../codes.ts';
import { readInputFile } from '../files.ts';

/** What a tag says about an image: its version and its hash. */
export async function imageFacts(file: string): Promise<Pick<TagFacts, 'version' | 'hash'>> {
  const bytes = await readInputFile(file);
  const inspection = await inspectImage(memorySource(bytes));
  if (inspection.kind !== 'app-image') {
    const { message, hint } = describeNotAppImage(inspection, file);
    throw new CliError('cli/usage', `--image ${file}: ${message}`, { hint });
  }
  const version = inspection.appDescriptor?.version ?? null;
  return { version, hash: toHex(await sha256(bytes)) };
}

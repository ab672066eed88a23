import {
  type AppImageCheck,
  type Audience,
  checkAppImage,
  type DeviceFacts,
  parsePublicKey,
  type SlotFit,
} from '../../app-image/index.ts';
import { chipByName } from '../../chips/index.ts';
import { formatCount, printable } from '../../shared/index.ts';
import { chipOption } from '../chip-option.ts';
import { CliError } from '../codes.ts';
import { EXIT } from '../exit-codes.ts';
import { openInputFile, readInputFile } from '../files.ts';
import { toJson } from '../json.ts';
import { loadPartitionTable } from '../partition-table-file.ts';
import type { Cli } from '../nouns.ts';
import { renderIssues } from '../render-issues.ts';

export interface CheckArguments {
  readonly partitions?: string;
  readonly chip?: string;
  readonly for: Audience;
  readonly chipRev?: string;
  readonly efuseBlockRev?: string;
  readonly secureVersion?: string;
  readonly spiMode?: NonNullable<DeviceFacts['spiFlashMode']>;
  readonly secureBoot?: 'v1' | 'v2';
  readonly publicKey?: string;
  readonly json?: true;
}

/** `otakit image check FILE` */
export async function check(path: string, options: CheckArguments, cli: Cli): Promise<void> {
  const { context, setExitCode } = cli;
  const chip = options.chip === undefined ? undefined : chipOption(options.chip);
  const table =
    options.partitions === undefined ? undefined : await loadPartitionTable(options.partitions);
  await using source = await openInputFile(path);
  const { secureBoot, publicKey } = options;
  const result = await checkAppImage(source, {
    audience: options.for,
    fileName: path,
    device: deviceFacts(options),
    ...(secureBoot === undefined ? {} : { secureBoot: secureBoot === 'v1' ? 1 : 2 }),
    ...(publicKey === undefined
      ? {}
      : { publicKey: parsePublicKey(await readInputFile(publicKey)) }),
    ...(chip === undefined ? {} : { chip }),
    ...(table === undefined ? {} : { table }),
  });
  if (!result.acceptable) setExitCode(EXIT.input);
  if (options.json) {
    context.stdout.write(toJson(report(path, result)));
    return;
  }
  renderIssues(result.issues, path, context.stderr, context.env);
  context.stdout.write(`${printable(path)}: ${verdict(result)}\n`);
}

function deviceFacts(options: CheckArguments): DeviceFacts {
  const { chipRev, efuseBlockRev, secureVersion, spiMode } = options;
  return {
    ...(chipRev === undefined ? {} : { chipRevision: revisionOption(chipRev) }),
    ...(efuseBlockRev === undefined ? {} : { efuseBlockRevision: revisionOption(efuseBlockRev) }),
    ...(secureVersion === undefined ? {} : { secureVersion: numberOption(secureVersion) }),
    ...(spiMode === undefined ? {} : { spiFlashMode: spiMode }),
  };
}

/** `v3.1`, `3.1` or `301` as major × 100 + minor. */
export function revisionOption(text: string): number {
  const match = /^v?(\d{1,3})\.(\d{1,2})$/.exec(text);
  return match === null ? numberOption(text) : Number(match[1]) * 100 + Number(match[2]);
}

function numberOption(text: string): number {
  if (/^\d{1,10}$/.test(text)) return Number(text);
  throw new CliError('cli/usage', `${text} is no number that can be meant here`, {
    hint: 'Revisions are written v3.1 or 301, secure versions 2.',
  });
}

function report(path: string, { inspection, issues, acceptable, fits, slots }: AppImageCheck) {
  const image = inspection.kind === 'app-image' ? inspection : null;
  return {
    file: path,
    acceptable,
    kind: inspection.kind,
    chip: image?.chip ?? null,
    version: image?.appDescriptor?.version ?? null,
    sizeBytes: inspection.sizeBytes,
    imageLengthBytes: image?.imageLengthBytes ?? null,
    smallestSlot: fits === null ? null : slotReport(fits),
    slots: slots.map(slotReport),
    issues,
  };
}

function slotReport({ slot, slotSizeBytes, usedRatio, fits }: SlotFit) {
  const { name, flashOffset } = slot;
  return { name, flashOffset, sizeBytes: slotSizeBytes, usedRatio, fits };
}

function verdict({ inspection, issues, acceptable, fits }: AppImageCheck): string {
  if (!acceptable) {
    const errors = issues.filter((issue) => issue.severity === 'error').length;
    return `a device could not take this (${errors} ${errors === 1 ? 'reason' : 'reasons'})`;
  }
  const image = inspection.kind === 'app-image' ? inspection : null;
  const chip = image?.chip ?? null;
  const facts = [
    ...(chip === null ? [] : [chipByName(chip).title]),
    ...(image?.appDescriptor?.version ? [`version ${printable(image.appDescriptor.version)}`] : []),
    `${formatCount(inspection.sizeBytes)} bytes`,
    ...(fits === null ? [] : [`${(fits.usedRatio * 100).toFixed(1)} % of ${fits.slot.name}`]),
  ];
  return `a device could take this (${facts.join(', ')})`;
}

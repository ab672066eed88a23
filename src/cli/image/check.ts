import {
  type AppImageCheck,
  type Audience,
  checkAppImage,
  type SlotFit,
} from '../../app-image/index.ts';
import { type ChipName, chipByName, CHIPS, parseChipName } from '../../chips/index.ts';
import { formatCount, printable } from '../../shared/index.ts';
import { CliError } from '../codes.ts';
import { EXIT } from '../exit-codes.ts';
import { openInputFile } from '../files.ts';
import { toJson } from '../json.ts';
import { loadPartitionTable } from '../partition-table-file.ts';
import type { Cli } from '../program.ts';
import { renderIssues } from '../render-issues.ts';

export interface CheckArguments {
  readonly partitions?: string;
  readonly chip?: string;
  readonly for: Audience;
  readonly json?: true;
}

/** `otakit image check FILE` */
export async function check(path: string, options: CheckArguments, cli: Cli): Promise<void> {
  const { context, setExitCode } = cli;
  const chip = options.chip === undefined ? undefined : chipOption(options.chip);
  const table =
    options.partitions === undefined ? undefined : await loadPartitionTable(options.partitions);
  await using source = await openInputFile(path);
  const result = await checkAppImage(source, {
    audience: options.for,
    fileName: path,
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

/** A chip as the user spelt it. */
export function chipOption(text: string): ChipName {
  const chip = parseChipName(text);
  if (chip !== null) return chip;
  throw new CliError('cli/usage', `${text} is no chip that otakit knows`, {
    hint: `Known chips: ${CHIPS.map(({ name }) => name).join(', ')}.`,
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

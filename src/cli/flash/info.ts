import { formatRevision } from '../../app-image/index.ts';
import { chipByName } from '../../chips/index.ts';
import { type BoardContents, readBoardContents, type SlotContents } from '../../flash/index.ts';
import { slotName } from '../../flash-data/index.ts';
import { shownName } from '../../partition-table/index.ts';
import { formatHex, formatSize, printable } from '../../shared/index.ts';
import { optionalSize } from '../partitions/options.ts';
import type { Cli } from '../nouns.ts';
import { textTable } from '../text-table.ts';
import { type PortOptions, withDevice } from './session.ts';

export interface InfoOptions extends PortOptions {
  readonly tableOffset?: string;
  readonly json?: true;
}

/** `otakit flash info` */
export async function info(options: InfoOptions, cli: Cli): Promise<void> {
  const { stdout } = cli.context;
  const found = await withDevice(options, cli, async (device) => ({
    target: device.target,
    info: device.info,
    loader: device.loader,
    baudRate: device.baudRate,
    contents: await readBoardContents(device, optionalSize('--table-offset', options.tableOffset)),
  }));
  const { contents, ...device } = found;
  if (options.json) {
    stdout.write(`${JSON.stringify({ ...flatten(device), ...asData(contents) }, null, 2)}\n`);
    return;
  }
  const { chip, revision, mac, flashSizeBytes, flashId, secureBoot, flashEncryption } = device.info;
  const yesNo = (value: boolean) => (value ? 'on' : 'off');
  stdout.write(
    `${device.target}: ${chipByName(chip).title} ${formatRevision(revision)}, ${mac}\n` +
      `flash ${formatSize(flashSizeBytes)} (id ${formatHex(flashId, 6)}), secure boot ${yesNo(secureBoot)}, flash encryption ${yesNo(flashEncryption)}\n`,
  );
  if (contents.table.kind === 'none') {
    stdout.write(`partition table: ${printable(contents.table.problem)}\n`);
    return;
  }
  const boots = contents.choice?.boots ?? null;
  const rows = contents.table.table.entries.map((entry) => {
    const slot = contents.slots.find((one) => one.entry === entry);
    return [
      shownName(entry),
      formatHex(entry.flashOffset),
      formatSize(entry.sizeBytes),
      slot === undefined ? '' : describeSlot(slot),
      entry === boots ? '← boots' : '',
    ];
  });
  const columns = ['partition', 'offset', 'size', 'holds', ''].map((title) => ({ title }));
  stdout.write(`\n${textTable(columns, rows)}\n`);
  if (contents.why !== null) stdout.write(`\n${contents.why}\n`);
}

function describeSlot({ state, descriptor }: SlotContents): string {
  if (state !== 'app') return state === 'empty' ? '(empty)' : '(no app)';
  if (descriptor === null) return 'an app without descriptor';
  const { projectName, version } = descriptor;
  return printable(`${projectName ?? '?'} ${version ?? '?'}`);
}

function flatten<T extends { readonly info: object }>({ info: facts, ...rest }: T) {
  return { ...rest, ...facts };
}

function asData({ table, slots, choice, why }: BoardContents) {
  return {
    table:
      table.kind === 'none'
        ? null
        : table.table.entries.map(({ name, type, subtype, flashOffset, sizeBytes }) => ({
            name,
            type,
            subtype,
            flashOffset,
            sizeBytes,
          })),
    tableProblem: table.kind === 'none' ? table.problem : null,
    slots: slots.map(({ entry, state, chip, descriptor }) => ({
      slot: slotName(entry),
      name: entry.name,
      state,
      chip,
      projectName: descriptor?.projectName ?? null,
      version: descriptor?.version ?? null,
    })),
    boots: choice === null || choice.boots === null ? null : slotName(choice.boots),
    why,
  };
}

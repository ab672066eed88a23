import { expect, it } from 'vitest';
import { chooseBootSlot, parseOtadata, switchOtadata } from '../../src/flash-data/index.ts';
import { checkPlanOnBoard, executePlan, planFlash } from '../../src/flash/index.ts';
import { parsePartitionTable, serializePartitionBinary } from '../../src/partition-table/index.ts';
import type { Clock } from '../../src/shared/index.ts';
import type { ChipFaults, VirtualChip } from '../../src/simulator/index.ts';
import { buildTestApp } from '../support/build-image.ts';
import { board, connectTo, quickClock } from './board.ts';
import { faulty } from './link-faults.ts';

const PLACES = 100;
const SLOT_BYTES = 0x2_0000;
const table = parsePartitionTable(
  new TextEncoder().encode(
    [
      'nvs, data, nvs, 0x9000, 0x4000',
      'otadata, data, ota, 0xd000, 0x2000',
      'ota_0, app, ota_0, 0x10000, 0x20000',
      'ota_1, app, ota_1, 0x30000, 0x20000',
    ].join('\n'),
  ),
);
const oldApp = await buildTestApp({ chip: 'esp32c3', descriptor: { version: '1.0.0' } });
const newApp = await buildTestApp({
  chip: 'esp32c3',
  descriptor: { version: '2.0.0' },
  codeBytes: 9000,
});

/** 200 connections are made: their waits add up. */
const hurried: Clock = {
  now: () => quickClock.now(),
  monotonicMs: () => quickClock.monotonicMs(),
  sleep: (durationMs, signal) =>
    quickClock.sleep(durationMs < 1000 ? Math.min(durationMs, 1) : durationMs, signal),
};

function slot(app: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(SLOT_BYTES).fill(0xff);
  bytes.set(app);
  return bytes;
}

function boardWithOldApp(faults: ChipFaults = {}): VirtualChip {
  const chip = board({ flashSizeBytes: 0x8_0000, faults });
  const blank = new Uint8Array(0x2000).fill(0xff);
  chip.flash.load(0x8000, serializePartitionBinary(table));
  chip.flash.load(0xd000, switchOtadata(blank, table, 'ota_0'));
  chip.flash.load(0x1_0000, slot(oldApp));
  return chip;
}

async function update(chip: VirtualChip, onBytes: (count: number) => void = () => {}) {
  await using device = await connectTo(chip, { clock: hurried }, (link) =>
    faulty(link, {
      write: (bytes) => {
        onBytes(bytes.length);
        return bytes;
      },
    }),
  );
  const plan = await planFlash([{ fileName: 'app.bin', bytes: newApp, at: 'ota_1' }], { table });
  return await executePlan(await checkPlanOnBoard(plan, device), device);
}

const boots = (chip: VirtualChip) =>
  chooseBootSlot(parseOtadata(chip.flash.read(0xd000, 0x2000)), table).boots?.name;

/** What a board is like after its cable was pulled and plugged in again. */
function pluggedInAgain(chip: VirtualChip): VirtualChip {
  const again = board({ flashSizeBytes: 0x8_0000 });
  again.flash.load(0, chip.flash.read(0, chip.flash.sizeBytes));
  return again;
}

it(`is unplugged at ${PLACES} places: boots the old app or the new, and the same command ends well`, async () => {
  let total = 0;
  const undisturbed = boardWithOldApp();
  await update(undisturbed, (count) => (total += count));
  expect(boots(undisturbed)).toBe('ota_1');
  const finished = undisturbed.flash.read(0, undisturbed.flash.sizeBytes);

  const outcomes = { old: 0, new: 0 };
  for (let place = 1; place <= PLACES; place += 1) {
    const chip = boardWithOldApp({ unplugAfterBytes: Math.floor((total * place) / (PLACES + 1)) });
    await expect(update(chip)).rejects.toMatchObject({ code: 'transport/port-lost' });
    expect(chip.flash.read(0x1_0000, SLOT_BYTES)).toEqual(slot(oldApp));
    if (boots(chip) === 'ota_1') {
      expect(chip.flash.read(0x3_0000, SLOT_BYTES)).toEqual(slot(newApp));
      outcomes.new += 1;
    } else {
      outcomes.old += 1;
    }
    const again = pluggedInAgain(chip);
    await update(again);
    expect(again.flash.read(0, again.flash.sizeBytes)).toEqual(finished);
  }
  expect(outcomes.old).toBeGreaterThan(PLACES / 2);
});

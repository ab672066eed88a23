import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  endOf,
  findOtadata,
  isFactory,
  otaSlots,
  parsePartitionTable,
  usedFlashBytes,
  validatePartitionTable,
} from '../../src/partition-table/index.ts';
import { hasErrors } from '../../src/shared/index.ts';
import { REPOSITORY } from '../support/source-files.ts';
import { brief } from './support.ts';

const folder = join(REPOSITORY, 'partitions');
const presets = readdirSync(folder).map((file) => ({
  file,
  bytes: new Uint8Array(readFileSync(join(folder, file))),
}));
const named = (file: string) => {
  const preset = presets.find((preset) => preset.file === file);
  return parsePartitionTable(preset?.bytes ?? new Uint8Array());
};

describe('the presets', () => {
  it('are there for every flash size, with and without a factory slot', () => {
    expect(presets.map(({ file }) => file)).toEqual(
      expect.arrayContaining([
        ...[2, 4, 8, 16, 32].flatMap((mb) => [`ota-${mb}mb.csv`, `ota-factory-${mb}mb.csv`]),
        'micro-rdk-8mb.csv',
        'ota-primer-4mb.csv',
      ]),
    );
  });

  it.each(presets)(
    '$file is valid for the flash in its name, and says whom it is for',
    (preset) => {
      const flashSizeBytes = Number(/(\d+)mb/.exec(preset.file)?.[1]) * 1024 * 1024;
      const table = parsePartitionTable(preset.bytes);
      expect(hasErrors(validatePartitionTable(table, { flashSizeBytes }))).toBe(false);
      expect(usedFlashBytes(table)).toBeGreaterThan(flashSizeBytes / 2);
      expect(findOtadata(table)).not.toBeNull();
      const slots = otaSlots(table);
      expect(slots.map(({ name }) => name)).toEqual(['ota_0', 'ota_1']);
      expect(new Set(slots.map(({ sizeBytes }) => sizeBytes)).size).toBe(1);
      // Apps are mapped through the flash cache, which on many chips reaches 16 MB.
      for (const slot of slots) expect(endOf(slot)).toBeLessThanOrEqual(0x1000000);
      const hasFactory = table.entries.some(isFactory);
      expect(hasFactory).toBe(/factory|primer/.test(preset.file));
      expect(new TextDecoder().decode(preset.bytes)).toMatch(/^# .*\n# For /);
    },
  );

  it('have the tables of micro-RDK and of the OTA primer as those projects have them', () => {
    expect(brief(named('micro-rdk-8mb.csv'))).toEqual([
      'phy_init 1/1 9000+1000',
      'otadata 1/0 a000+2000',
      'nvs 1/2 c000+14000',
      'ota_0 0/16 20000+3e0000',
      'ota_1 0/17 400000+3e0000',
      'coredump 1/3 7e0000+20000',
    ]);
    expect(brief(named('ota-primer-4mb.csv'))).toEqual([
      'nvs 1/2 9000+4000',
      'otadata 1/0 d000+2000',
      'phy_init 1/1 f000+1000',
      'factory 0/0 10000+100000',
      'ota_0 0/16 110000+100000',
      'ota_1 0/17 210000+100000',
    ]);
  });
});

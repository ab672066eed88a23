import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as fc from '../support/property.ts';
import { describe, expect, it } from 'vitest';
import {
  appSlots,
  fitPreset,
  FLASH_SIZES_BYTES,
  parsePartitionTable,
  PartitionTableError,
  serializePartitionCsv,
  validatePartitionTable,
} from '../../src/partition-table/index.ts';
import { hasErrors } from '../../src/shared/index.ts';
import { REPOSITORY } from '../support/source-files.ts';
import { brief, csv, thrownBy } from './support.ts';

const MB = 1024 * 1024;
const folder = join(REPOSITORY, 'partitions');
const names = readdirSync(folder).map((file) => file.replace('.csv', ''));
const preset = (name: string) =>
  parsePartitionTable(new Uint8Array(readFileSync(join(folder, `${name}.csv`))));
const text = (name: string) => readFileSync(join(folder, `${name}.csv`), 'utf8');

describe('fitting a preset', () => {
  it('leaves one alone that fits, comments and all', () => {
    for (const name of names) {
      const flashSizeBytes = Number(/(\d+)mb/.exec(name)?.[1]) * MB;
      const fitted = fitPreset(preset(name), { flashSizeBytes, imageBytes: 200_000 });
      expect(fitted).toMatchObject({ changed: false, text: text(name) });
    }
  });

  it('takes from storage what the slots need', () => {
    const fitted = fitPreset(preset('ota-8mb'), { flashSizeBytes: 8 * MB, imageBytes: 3_200_000 });
    expect(fitted).toMatchObject({ changed: true, slotBytes: 0x360000 });
    expect(brief(fitted.table).slice(3)).toEqual([
      'ota_0 0/16 10000+360000',
      'ota_1 0/17 370000+360000',
      'storage 1/131 6d0000+120000',
      'coredump 1/3 7f0000+10000',
    ]);
    expect(fitted.text).toContain(
      '# 8 MB flash, 2 app slots of 3456 KB for an image of 3,200,000 bytes.\n',
    );
    expect(fitted.text).toContain('storage,   data,  littlefs,  0x6d0000,  1152K,\n');
  });

  it('does without storage where nothing is left for it', () => {
    const fitted = fitPreset(preset('ota-8mb'), { flashSizeBytes: 8 * MB, imageBytes: 4_100_000 });
    expect(brief(fitted.table).map((row) => row.split(' ')[0])).not.toContain('storage');
  });

  it('says what flash would do where an image is too large', () => {
    const options = { flashSizeBytes: 4 * MB, imageBytes: 2_500_000 };
    const error = thrownBy(() => fitPreset(preset('ota-4mb'), options));
    expect(error).toMatchObject({
      code: 'partition-table/image-too-large',
      details: { slots: 2, roomBytes: 0x1f0000 },
    });
    expect(error.hint).toContain('Take 8 MB of flash');
    expect(thrownBy(() => fitPreset(preset('ota-4mb'), { flashSizeBytes: 1000 })).code).toBe(
      'partition-table/image-too-large',
    );
  });

  it('needs slots to fit', () => {
    const table = csv('nvs,data,nvs,,16K');
    expect(thrownBy(() => fitPreset(table, { flashSizeBytes: 4 * MB })).code).toBe(
      'partition-table/no-app',
    );
  });

  it('makes a table that is valid and holds the image, or refuses', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...names),
        fc.constantFrom(...FLASH_SIZES_BYTES),
        fc.integer({ min: 0, max: 9 * MB }),
        (name, flashSizeBytes, imageBytes) => {
          try {
            const fitted = fitPreset(preset(name), { flashSizeBytes, imageBytes });
            const errors = validatePartitionTable(fitted.table, { flashSizeBytes });
            expect(hasErrors(errors)).toBe(false);
            for (const slot of appSlots(fitted.table)) {
              expect(slot.sizeBytes).toBeGreaterThanOrEqual(imageBytes);
            }
            const read = parsePartitionTable(new TextEncoder().encode(fitted.text));
            expect(serializePartitionCsv(read)).toBe(serializePartitionCsv(fitted.table));
          } catch (thrown) {
            if (!(thrown instanceof PartitionTableError)) throw thrown;
            expect(thrown.code).toBe('partition-table/image-too-large');
          }
        },
      ),
      { numRuns: 300 },
    );
  });
});

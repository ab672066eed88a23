import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  parsePartitionTable,
  serializeCsvDocument,
  serializePartitionBinary,
  verifyPartitionTable,
} from '../../src/partition-table/index.ts';
import { brief } from './support.ts';

const FOLDER = new URL('fixtures/real-world/', import.meta.url);

/** Tables that ESP-IDF, Arduino-ESP32 and micro-RDK ship or shipped; a file dropped in adds a test. */
const tables = readdirSync(FOLDER).map((file) => {
  const bytes = new Uint8Array(readFileSync(new URL(file, FOLDER)));
  return { file, bytes, table: parsePartitionTable(bytes) };
});
const named = (name: string) => {
  const found = tables.find(({ file }) => file === `${name}.csv`);
  if (found === undefined) throw new Error(`there is no ${name}.csv`);
  return found.table;
};

/** An app of 0x3effff bytes, which shipped and booted, but which ESP-IDF has refused to build since. */
const UNALIGNED = 'micro-rdk-0.4.0-server.csv';

describe('real-world tables', () => {
  it('are many', () => {
    expect(tables.length).toBeGreaterThanOrEqual(34);
  });

  it.each(tables)('$file survives to binary and back, and its text is kept', ({ bytes, table }) => {
    const text = table.document === null ? '' : serializeCsvDocument(table.document);
    expect(text).toBe(new TextDecoder().decode(bytes));
    expect(brief(parsePartitionTable(serializePartitionBinary(table)))).toEqual(brief(table));
  });

  it.each(tables.filter(({ file }) => file !== UNALIGNED))('$file can be built', ({ table }) => {
    expect(verifyPartitionTable(table)).toEqual([]);
  });

  it('finds the one that cannot', () => {
    expect(verifyPartitionTable(named('micro-rdk-0.4.0-server'))).toMatchObject([
      { code: 'partition-table/size-unaligned' },
    ]);
  });

  it('places blank offsets as the devices in the field have them', () => {
    expect(brief(named('micro-rdk-2024-11-ota-8mb')).slice(3)).toEqual([
      'ota_0 0/16 20000+377000',
      'ota_1 0/17 3a0000+377000',
    ]);
    expect(brief(named('micro-rdk-0.4.0-template')).at(-1)).toBe('coredump 1/3 400000+20000');
    expect(
      brief(named('idf-two-ota-tee')).map((row) => row.split(' ').slice(0, 3).join(' ')),
    ).toEqual([
      'tee_0 0/48 10000+40000',
      'tee_1 0/49 50000+40000',
      'tee_otadata 1/144 90000+2000',
      'secure_storage 1/2 92000+e000',
      'ota_0 0/16 a0000+180000',
      'ota_1 0/17 220000+180000',
      'otadata 1/0 3a0000+2000',
      'nvs 1/2 3a2000+6000',
      'phy_init 1/1 3a8000+1000',
    ]);
  });

  it('takes the empty file that one revision had', () => {
    expect(named('micro-rdk-empty').entries).toEqual([]);
  });
});

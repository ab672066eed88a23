import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createContext, runInContext } from 'node:vm';
import { rolldown } from 'rolldown';
import { beforeAll, describe, expect, it } from 'vitest';
import { REPOSITORY } from './support/source-files.ts';

const MODULES = ['chips', 'partition-table', 'app-image', 'flash-data'];

/** What a browser has beside the language itself, as far as these modules need it. */
const WEB_GLOBALS = { crypto, TextEncoder, TextDecoder, AbortSignal, AbortController };

const read = (...path: readonly string[]) => readFile(join(REPOSITORY, ...path));
const SAMPLES = ['firmware-samples', 'images'];

/**
 * The format modules as one script for a page, made by a bundler that knows of no Node, and run where
 * there is nothing of Node: no `process`, no `Buffer`, no `require`.
 */
describe('the format modules in a browser', () => {
  let page: object;
  let unresolved: readonly string[];

  beforeAll(async () => {
    const problems: string[] = [];
    const lines = MODULES.map((name) => {
      const path = JSON.stringify(join(REPOSITORY, 'src', name, 'index.ts'));
      return `export * as ${name.replaceAll('-', '_')} from ${path};`;
    });
    await using bundle = await rolldown({
      input: 'page',
      cwd: REPOSITORY,
      platform: 'browser',
      plugins: [
        {
          name: 'page',
          resolveId: (id) => (id === 'page' ? id : null),
          load: (id) => (id === 'page' ? lines.join('\n') : null),
        },
      ],
      onLog: (level, log) => problems.push(`${level}: ${log.message}`),
    });
    const { output } = await bundle.generate({
      format: 'iife',
      name: 'otakit',
      codeSplitting: false,
    });
    unresolved = [
      ...problems,
      ...output.flatMap((chunk) => ('imports' in chunk ? chunk.imports : [])),
    ];
    page = createContext({ ...WEB_GLOBALS });
    runInContext(output[0].code, page);
  });

  /** Runs an expression on the page, with a file beside it as the variable `file`. */
  async function onPage(expression: string, file: Uint8Array = new Uint8Array()): Promise<unknown> {
    const bytes = JSON.stringify([...file]);
    const code = `(async (file) => JSON.stringify(${expression}))(new Uint8Array(${bytes}))`;
    return JSON.parse((await runInContext(code, page)) as string);
  }

  it('bundles without anything left to import', () => {
    expect(unresolved).toEqual([]);
    expect(runInContext('typeof process + typeof Buffer + typeof require', page)).toBe(
      'undefined'.repeat(3),
    );
  });

  it('knows the chips', async () => {
    expect(await onPage("otakit.chips.parseChipName('ESP32-C3')")).toBe('esp32c3');
  });

  it('turns a CSV into the binary table, and back', async () => {
    const csv = await read('partitions', 'ota-primer-4mb.csv');
    const expected = await read('firmware-samples', 'bootloader', 'partition-table.bin');
    const table = 'otakit.partition_table.parsePartitionTable(file)';
    expect(
      await onPage(`[...otakit.partition_table.serializePartitionBinary(${table})]`, csv),
    ).toEqual([...expected]);
    expect(await onPage(`${table}.entries.map(({ name }) => name)`, expected)).toContain('ota_1');
  });

  it('reads an app image and verifies its hash', async () => {
    const inspection = 'await otakit.app_image.inspectImage(otakit.app_image.memorySource(file))';
    const image = await read(...SAMPLES, 'hello-esp32c3-1.0.0.bin');
    expect(await onPage(inspection, image)).toMatchObject({
      kind: 'app-image',
      chip: 'esp32c3',
      hash: { valid: true },
      appDescriptor: { version: '1.0.0' },
    });
  });

  it('chooses the boot slot, and builds NVS', async () => {
    const csv = await read('partitions', 'ota-primer-4mb.csv');
    const table = 'otakit.partition_table.parsePartitionTable(file)';
    const blank = 'otakit.flash_data.parseOtadata(new Uint8Array(0x2000).fill(0xff))';
    expect(
      await onPage(`otakit.flash_data.chooseBootSlot(${blank}, ${table}).boots.name`, csv),
    ).toBe('factory');
    const rows = "'key,type,encoding,value\\nns,namespace,,\\nanswer,data,u8,42\\n'";
    expect(
      await onPage(
        `otakit.flash_data.parseNvs(otakit.flash_data.buildNvs(otakit.flash_data.parseNvsCsv(${rows}), { sizeBytes: 0x3000 }).bytes).variables.map(({ key, value }) => key + String(value.value))`,
      ),
    ).toEqual(['answer42']);
  });
});

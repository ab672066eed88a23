import {
  AppImageError,
  checkAppImage,
  checkMerge,
  expandFlashFile,
  imageFromElf,
  inspectImage,
  mergeRaw,
  parseAppImage,
  parseElf,
  parseIntelHex,
  parsePublicKey,
  parseUf2,
  patchImageHeader,
  planSplit,
  serializeIntelHex,
  serializeUf2,
} from '../../src/app-image/index.ts';
import { chipByName } from '../../src/chips/index.ts';
import { parsePartitionTable } from '../../src/partition-table/index.ts';
import { bytesEqual, memorySource, readUpTo } from '../../src/shared/index.ts';
import { buildElf } from '../support/build-elf.ts';
import {
  buildTestApp,
  buildTestBootloader,
  buildTinyApp,
  mergeAt,
} from '../support/build-image.ts';
import { table as rawTable } from '../support/raw-table.ts';
import { makeKey, signV1, signV2 } from '../support/sign-image.ts';
import { type FuzzTarget, mayThrow } from './target.ts';

const TABLE = parsePartitionTable(
  new TextEncoder().encode(
    'otadata, data, ota, 0xd000, 0x2000\nota_0, app, ota_0, 0x10000, 1M\nota_1, app, ota_1, , 1M\n',
  ),
);

async function images(): Promise<readonly Uint8Array[]> {
  const tiny = await buildTinyApp();
  const { pair } = await makeKey();
  return [
    tiny,
    await buildTestApp({ chip: 'esp32c6' }),
    await buildTestBootloader('esp32c3'),
    await signV1(tiny, pair),
    await signV2(tiny, [pair]),
    mergeAt({
      0: await buildTestBootloader('esp32c3'),
      0x8000: rawTable([{ name: 'ota_0', type: 0, subtype: 0x10, at: 0x10000, size: 0x10000 }]),
      0x10000: tiny,
    }),
  ];
}

const RANGES = [
  { flashOffset: 0x1000, bytes: new Uint8Array(700).fill(3) },
  { flashOffset: 0x1fff0, bytes: new Uint8Array(40).fill(4) },
];

const HEX_WORDS = [':', ':00000001FF\n', ':020000040001F9\n', '\n', '\r', 'FF'];

export const targets: readonly FuzzTarget[] = [
  {
    name: 'app-image/inspect',
    seeds: images,
    run: async (input) => {
      const source = memorySource(input);
      const { kind } = await inspectImage(source);
      const check = await checkAppImage(source, { table: TABLE, audience: 'micro-rdk' });
      if (check.inspection.kind !== kind) throw new Error('inspected twice, with two answers');
      if (kind !== 'app-image' && check.acceptable) throw new Error(`accepted a ${kind}`);
      for (const { hint, message } of check.issues) {
        if (hint === '' || message === '') throw new Error('an issue without words');
      }
    },
  },
  {
    name: 'app-image/parse',
    seeds: images,
    run: (input) => mayThrow([AppImageError], () => parseAppImage(memorySource(input))),
  },
  {
    name: 'app-image/split',
    seeds: images,
    run: (input) =>
      mayThrow([AppImageError], async () => {
        const { source, parts } = await planSplit(memorySource(input));
        for (const { fileOffset, sizeBytes } of parts) await source.read(fileOffset, sizeBytes);
        const part = { flashOffset: 0x1000, bytes: input, name: 'input' };
        await checkMerge([part], { chip: null, table: TABLE, fillsGaps: true });
      }),
  },
  {
    name: 'app-image/patch-header',
    seeds: images,
    run: (input) =>
      mayThrow([AppImageError], async () => {
        const patched = await patchImageHeader(input, { mode: 'dio', size: '4MB' });
        const again = await patchImageHeader(patched, { mode: 'dio', size: '4MB' });
        if (!bytesEqual(patched, again)) throw new Error('patched twice, with two results');
      }),
  },
  {
    name: 'app-image/intel-hex',
    seeds: () => [new TextEncoder().encode(serializeIntelHex(RANGES))],
    words: HEX_WORDS,
    run: (input) =>
      mayThrow([AppImageError], async () => {
        const ranges = parseIntelHex(new TextDecoder().decode(input));
        const again = parseIntelHex(serializeIntelHex(ranges));
        if (again.length !== ranges.length) throw new Error('ranges were lost');
        const source = await expandFlashFile(memorySource(input), 'intel-hex');
        await readUpTo(source, 0, 4096);
      }),
  },
  {
    name: 'app-image/uf2',
    seeds: () => [serializeUf2(RANGES, { chip: chipByName('esp32') })],
    run: (input) =>
      mayThrow([AppImageError], () => {
        const { ranges } = parseUf2(input);
        const end = ranges.at(-1)?.flashOffset ?? 0;
        if (end < 0x100000) mergeRaw(ranges);
      }),
  },
  {
    name: 'app-image/elf',
    seeds: () => [
      buildElf({
        machine: 'riscv',
        entryPoint: 0x42010020,
        sections: [
          { name: '.flash.appdesc', address: 0x3c000020, data: new Uint8Array(256).fill(1) },
          { name: '.iram0.text', address: 0x40380000, data: new Uint8Array(90).fill(2) },
          { name: '.flash.text', address: 0x42010020, data: new Uint8Array(300).fill(3) },
        ],
      }),
    ],
    run: async (input) => {
      await mayThrow([AppImageError], () => parseElf(input));
      await mayThrow([AppImageError], () => imageFromElf(input, { chip: 'esp32c3' }));
    },
  },
  {
    name: 'app-image/public-key',
    seeds: async () => [(await makeKey()).pem],
    run: (input) => mayThrow([AppImageError], () => parsePublicKey(input)),
  },
];

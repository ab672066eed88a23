import {
  buildNvs,
  chooseBootSlot,
  decodeValue,
  decryptNvs,
  deleteNvsValue,
  inspectNvs,
  inspectOtadata,
  NvsError,
  OtadataError,
  parseNvs,
  parseNvsCsv,
  parseNvsKeys,
  parseOtadata,
  parseViamJson,
  serializeNvsCsv,
  setNvsValue,
  stringValue,
  switchOtadata,
} from '../../src/flash-data/index.ts';
import { nvsOf } from '../flash-data/nvs/fixtures.ts';
import { otadataBytes, tableOf } from '../flash-data/otadata/fixtures.ts';
import { type FuzzTarget, mayThrow } from './target.ts';

const ROWS = `s,namespace,,
a,data,u8,1
b,data,i64,-5
text,data,string,"some ""text""
on two lines"
blob,data,hex2bin,${'c0ffee'.repeat(40)}
more,namespace,,
fill,data,blob_fill(20;0xaa),x
base,data,base64,aGVsbG8=
`;

const CSV = `key,type,encoding,value\n${ROWS}`;

const WORDS = [
  'namespace',
  'file',
  'u16',
  'string',
  'STRING',
  'blob_sz_fill(9;0x00)',
  '"',
  '""',
  ',',
  '\n',
  '\r\n',
  '#',
  'sta.ssid',
];

/** Bytes as text, as the command line gives it to the parser. */
const asText = (input: Uint8Array) => new TextDecoder().decode(input);

export const targets: readonly FuzzTarget[] = [
  {
    name: 'flash-data/otadata',
    seeds: () => [
      otadataBytes(null, null),
      otadataBytes({ sequence: 1, state: 2 }, { sequence: 2, state: 1 }),
      otadataBytes({ sequence: 5, state: 4 }, { sequence: 0xfffffffe, state: 0 }),
    ],
    run: async (input) => {
      inspectOtadata(input, tableOf(3), { rollback: true });
      await mayThrow([OtadataError], () => {
        const table = tableOf(2, { factory: false });
        const after = parseOtadata(switchOtadata(input, table, 'ota_1'));
        const { boots } = chooseBootSlot(after, table);
        if (boots?.subtype !== 0x11) throw new Error('switched, but another slot boots');
      });
    },
  },
  {
    name: 'flash-data/nvs',
    seeds: () => [
      nvsOf(ROWS),
      nvsOf(ROWS, { version: 1, pages: 3 }),
      nvsOf(`s,namespace,,\nblob,data,hex2bin,${'00'.repeat(9000)}`, { pages: 5 }),
      new Uint8Array(0x3000).fill(0xff),
    ],
    run: async (input) => {
      inspectNvs(input);
      await mayThrow([NvsError], () => {
        const nvs = parseNvs(input);
        serializeNvsCsv(nvs);
        const after = parseNvs(setNvsValue(nvs, 's', 'a', stringValue('fuzzed')));
        const stored = after.variables.find(
          ({ namespace, key }) => namespace === 's' && key === 'a',
        );
        if (stored?.value.type !== 'string') throw new Error('set, but not to be read back');
        parseNvs(deleteNvsValue(after, 's', 'a'));
      });
    },
  },
  {
    name: 'flash-data/csv',
    seeds: () => [new TextEncoder().encode(CSV)],
    words: WORDS,
    run: async (input) => {
      await mayThrow([NvsError], () => buildNvs(parseNvsCsv(asText(input)), { sizeBytes: 0x6000 }));
      await mayThrow([NvsError], () => decodeValue({ key: 'a' }, 'base64', input));
      await mayThrow([NvsError], () => parseViamJson(asText(input)));
    },
  },
  {
    name: 'flash-data/keys',
    seeds: () => [nvsOf(ROWS)],
    run: async (input) => {
      await mayThrow([NvsError], () => parseNvsKeys(input));
      await mayThrow([NvsError], async () =>
        parseNvs(await decryptNvs(input, new Uint8Array(64).fill(3))),
      );
    },
  },
];

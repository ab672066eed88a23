import { array, assert, constantFrom, property } from '../../support/property.ts';
import { describe, expect, it } from 'vitest';
import {
  buildNvs,
  chooseBoardRow,
  NvsError,
  parseBoardRows,
  parseNvs,
  type RowClaim,
} from '../../../src/flash-data/index.ts';

const CSV = `id,mac,factory:serial:string,wifi:password:string,factory:variant:u8
SN-1,,SN-1,"a ""quoted"", one",1
SN-2,84F703AABBCC,SN-2,two,
# a comment
SN-3,,SN-3,three,3
`;

const MAC_1 = '02:00:00:00:00:01';
const MAC_2 = '02:00:00:00:00:02';
const MAC_3 = '02:00:00:00:00:03';
const BOUND = '84:f7:03:aa:bb:cc';

async function values(text: string, config?: string) {
  const rows = await parseBoardRows(text, config === undefined ? {} : { config });
  return rows.map((row) => {
    const { bytes } = buildNvs(row.rows, { sizeBytes: 0x3000 });
    const { variables } = parseNvs(bytes);
    return variables.map(({ namespace, key, value }) => {
      const shown = value.type === 'string' ? value.text : 'value' in value ? value.value : '';
      return `${namespace}:${key}=${shown}`;
    });
  });
}

const codeOf = (text: string, config?: string) =>
  parseBoardRows(text, config === undefined ? {} : { config }).then(
    () => 'fine',
    (error: unknown) => (error instanceof NvsError ? `${error.code}: ${error.message}` : error),
  );

describe('a CSV with a row per board', () => {
  it('says for each board what is stored, grouped by namespace', async () => {
    expect(await values(CSV)).toEqual([
      ['factory:serial=SN-1', 'factory:variant=1', 'wifi:password=a "quoted", one'],
      ['factory:serial=SN-2', 'wifi:password=two'],
      ['factory:serial=SN-3', 'factory:variant=3', 'wifi:password=three'],
    ]);
    const rows = await parseBoardRows(CSV);
    expect(rows.map(({ line, id, mac }) => ({ line, id, mac }))).toEqual([
      { line: 2, id: 'SN-1', mac: null },
      { line: 3, id: 'SN-2', mac: BOUND },
      { line: 5, id: 'SN-3', mac: null },
    ]);
  });

  it('reads the pair of CSVs of mfg_gen, with what repeats', async () => {
    const config =
      'app,namespace,\nserial,data,string\nhost,data,string,REPEAT\nwifi,namespace,\nserial,data,u16\n';
    const text = 'mac,serial,host,serial\n,a,cloud.example,1\n,b,,2\n';
    expect(await values(text, config)).toEqual([
      ['app:serial=a', 'app:host=cloud.example', 'wifi:serial=1'],
      ['app:serial=b', 'app:host=cloud.example', 'wifi:serial=2'],
    ]);
    expect(await codeOf('serial\nx\n', config)).toContain('no column for host, serial');
    expect(await codeOf('what\nx\n', config)).toContain('not in the configuration');
    expect(await codeOf('a\nx\n', 'a,data,string\n')).toContain('below a namespace');
  });

  it('names what is wrong with it', async () => {
    expect(await codeOf('')).toContain('nvs/csv-syntax: line 1: there is no header line');
    expect(await codeOf('id,s:k:u8\n')).toContain('there is no row');
    expect(await codeOf('id,serial_no\n1,2\n')).toContain('the column "serial_no" is not known');
    expect(await codeOf('s:k:u8\n1,2\n')).toContain(
      'line 2: the row has 2 fields, the header has 1',
    );
    expect(await codeOf('mac,s:k:u8\n12:34,2\n')).toContain('"12:34" is no MAC address');
    expect(await codeOf('id,s:k:u8\n,2\n')).toContain('line 2: the row has no id');
  });

  it('refuses two rows that would be one', async () => {
    expect(await codeOf('id,s:k:u8\na,1\nb,1\na,2\n')).toBe(
      'nvs/row-twice: lines 2 and 4 have the id "a"',
    );
    expect(await codeOf('s:k:u8\n7\n7\n')).toBe(
      'nvs/row-twice: lines 2 and 3 have the same fields',
    );
    expect(await codeOf(`mac,s:k:u8\n${BOUND},7\n84-F7-03-AA-BB-CC,8\n`)).toContain(
      `nvs/row-twice: lines 2 and 3 have the MAC address ${BOUND}`,
    );
  });
});

describe('handing out rows', () => {
  const choose = async (claims: readonly RowClaim[], mac: string, text = CSV) => {
    try {
      const { row, isClaimed } = chooseBoardRow(await parseBoardRows(text), claims, mac);
      return `${row.id}${isClaimed ? ' again' : ''}`;
    } catch (error) {
      return error instanceof NvsError ? error.code : error;
    }
  };

  it('gives the next, the own one again, and the one with the MAC address', async () => {
    expect(await choose([], MAC_1)).toBe('SN-1');
    const first = { row: 'SN-1', mac: MAC_1 };
    expect(await choose([first], MAC_1)).toBe('SN-1 again');
    expect(await choose([first], MAC_2)).toBe('SN-3');
    expect(await choose([first], BOUND)).toBe('SN-2');
    expect(await choose([first, { row: 'SN-3', mac: MAC_2 }], MAC_3)).toBe('nvs/no-row-left');
  });

  it('counts the first of two claims', async () => {
    const claims = [
      { row: 'SN-1', mac: MAC_1 },
      { row: 'SN-1', mac: MAC_2 },
      { row: 'SN-3', mac: MAC_1 },
    ];
    expect(await choose(claims, MAC_1)).toBe('SN-1 again');
    expect(await choose(claims, MAC_2)).toBe('SN-3');
  });

  it('stops where the CSV was changed under it', async () => {
    const claims = [{ row: 'SN-1', mac: MAC_1 }];
    const without = CSV.replace(/^SN-1.*\n/m, '');
    expect(await choose(claims, MAC_1, without)).toBe('nvs/row-conflict');
    const toAnother = CSV.replace('SN-1,,', `SN-1,${MAC_2},`);
    expect(await choose(claims, MAC_1, toAnother)).toBe('nvs/row-conflict');
    expect(await choose(claims, MAC_2, toAnother)).toBe('nvs/row-conflict');
    const another = CSV.replace('SN-3,,', `SN-3,${MAC_1},`);
    expect(await choose(claims, MAC_1, another)).toBe('nvs/row-conflict');
  });

  it('never gives one row to two boards, in whatever order they come', async () => {
    const rows = await parseBoardRows('id,s:k:u8\na,1\nb,2\nc,3\nd,4\n');
    const macs = array(constantFrom('m1', 'm2', 'm3', 'm4'), { maxLength: 20 });
    assert(
      property(macs, (order) => {
        const claims: RowClaim[] = [];
        const has = new Map<string, string>();
        for (const mac of order) {
          const { row } = chooseBoardRow(rows, claims, mac);
          claims.push({ row: row.id, mac });
          expect(has.get(mac) ?? row.id).toBe(row.id);
          has.set(mac, row.id);
        }
        expect(new Set(has.values()).size).toBe(has.size);
      }),
    );
  });
});

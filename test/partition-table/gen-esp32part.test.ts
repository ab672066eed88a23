import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import * as fc from '../support/property.ts';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { encodeText } from '../../src/partition-table/index.ts';
import type { Issue } from '../../src/shared/index.ts';
import { otakit } from '../support/cli.ts';
import { describeWithPeers } from '../support/peer.ts';
import { REPOSITORY } from '../support/source-files.ts';
import { inputFor } from '../fuzz/fuzz.ts';
import { anyCsv, anyOptions } from './arbitraries.ts';

const BATCH = fileURLToPath(new URL('gen-esp32part-batch.py', import.meta.url));

const FOLDERS = [
  join(REPOSITORY, 'partitions'),
  fileURLToPath(new URL('fixtures/real-world', import.meta.url)),
];

/** What the grammar is made of, to be put where it does not belong. */
const WORDS =
  '0x 0b1 0o7 K m 1M _ + - ９ 65536 0x10000 , ,, : # $A ${B} encrypted readonly app data ota_1 nvs'
    .split(' ')
    .concat('\n', ' ', '\t', '\u00a0', '\ufeff', '\0');

interface Case {
  readonly input: Uint8Array;
  readonly args: readonly string[];
}

interface PeerResult {
  readonly exit: 0 | 1 | 2;
  readonly stderr: string;
  readonly output: string | null;
}

/** What we say before the generator comes to its own reason. */
const EARLIER = new Set(['partition-table/value-out-of-range', 'partition-table/not-a-table']);

/** What the generator says, and which of our codes says the same. */
const SAID: readonly (readonly [RegExp, string])[] = [
  [/unknown variable/, 'partition-table/unknown-variable'],
  [/Field 'type' can't be left empty/, 'partition-table/type-missing'],
  [/App partition cannot have an empty subtype/, 'partition-table/subtype-missing'],
  [/Size field can't be empty/, 'partition-table/size-missing'],
  [/unknown flag/, 'partition-table/unknown-flag'],
  [/Invalid field value/, 'partition-table/invalid-number'],
  [/is not valid\. Known keywords/, 'partition-table/unknown-keyword'],
  [/bootloader offset is not defined/, 'partition-table/bootloader-offset-unknown'],
  [/Primary bootloader must be below/, 'partition-table/bootloader-above-table'],
  // It also says so of a later row that is a copy of the first.
  [/But partition table occupies/, 'partition-table/overlap(s-table)?'],
  // After a row of the primary bootloader it names the table's end as the previous partition's.
  [/Previous partition ends 0x(?:9000|a000|11000)\n/, 'partition-table/overlap(s-table)?'],
  [/Previous partition ends/, 'partition-table/overlap'],
  [/invalid: Offset .* is not aligned/, 'partition-table/offset-unaligned'],
  [/invalid: Size .* is not aligned/, 'partition-table/size-unaligned'],
  [/is always read-write/, 'partition-table/always-writable'],
  [/must be flagged as 'readonly'/, 'partition-table/nvs-too-small'],
  [/Partition names must be unique/, 'partition-table/duplicate-name'],
  [/Partition offset .* is below/, 'partition-table/overlaps-table'],
  [/Partition at .* overlaps/, 'partition-table/overlap'],
  [/multiple otadata/, 'partition-table/multiple-otadata'],
  [/^otadata partition must have size/m, 'partition-table/otadata-size'],
  [/multiple TEE otadata/, 'partition-table/multiple-tee-otadata'],
  [/^TEE otadata partition must have size/m, 'partition-table/tee-otadata-size'],
  [/does not fit in configured/, 'partition-table/exceeds-flash'],
  [/longer than max/, 'partition-table/too-many-entries'],
  [/multiple of 32 bytes/, 'partition-table/bad-length'],
  [/Invalid magic bytes/, 'partition-table/bad-magic'],
  [/MD5 checksums don't match/, 'partition-table/md5-mismatch'],
  [/missing an end-of-table marker/, 'partition-table/no-end-marker'],
];

describeWithPeers(
  ['gen_esp32part.py', 'python3'],
  'beside gen_esp32part.py',
  ([tool = '', python = '']) => {
    let folder: string;
    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), 'otakit-'));
    });
    afterAll(() => rm(folder, { recursive: true }));

    async function peerOn(cases: readonly Case[]): Promise<readonly PeerResult[]> {
      const lines = cases.map(({ input, args }) =>
        JSON.stringify({ input: Buffer.from(input).toString('base64'), args }),
      );
      const path = join(folder, 'cases.jsonl');
      await writeFile(path, `${lines.join('\n')}\n`);
      const command = `"$0" "$1" "$2" < "$3"`;
      const { stdout } = await promisify(execFile)(
        'sh',
        ['-c', command, python, BATCH, tool, path],
        {
          maxBuffer: 1 << 28,
          env: { PATH: process.env['PATH'] },
        },
      );
      return stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as PeerResult);
    }

    /** Our own build of the same, through the command line. */
    async function oursOn({ input, args }: Case) {
      const source = join(folder, 'ours.csv');
      const output = join(folder, 'ours.bin');
      await writeFile(source, input);
      await rm(output, { force: true });
      const own = args.map((arg) => (arg === '--disable-md5sum' ? '--no-md5' : arg));
      const { exitCode, stdout, stderr } = await otakit([
        'partitions',
        'build',
        source,
        '-o',
        output,
        '--json',
        ...own.filter((arg) => arg !== '--'),
      ]);
      const issues: readonly Pick<Issue, 'code' | 'severity' | 'message'>[] =
        stdout === ''
          ? [{ ...(JSON.parse(stderr) as { error: Issue }).error, severity: 'error' }]
          : (JSON.parse(stdout) as { issues: readonly Issue[] }).issues;
      const bytes = exitCode === 0 ? await readFile(output) : null;
      return { exitCode, issues, bytes };
    }

    async function expectSame(cases: readonly Case[]): Promise<{ built: number; refused: number }> {
      const results = await peerOn(cases);
      expect(results).toHaveLength(cases.length);
      const seen = { built: 0, refused: 0 };
      for (const [index, theirs] of results.entries()) {
        const one = cases[index] as Case;
        const ours = await oursOn(one);
        const about = `${one.args.join(' ')}\n${new TextDecoder().decode(one.input)}\n--- theirs:\n${theirs.stderr}--- ours:\n${JSON.stringify(ours.issues)}`;
        const error = ours.issues.find(({ severity }) => severity === 'error');
        const isEmpty = ours.issues.some(({ code }) => code === 'partition-table/empty');
        if (theirs.exit === 0) {
          seen.built += 1;
          expect({ about, got: ours.exitCode }).toEqual({ about, got: 0 });
          expect({ about, got: ours.bytes?.toString('base64') }).toEqual({
            about,
            got: theirs.output,
          });
          const warned = theirs.stderr.match(/WARNING: Partition has name/g)?.length ?? 0;
          const misleading = ours.issues.filter(
            ({ code }) => code === 'partition-table/misleading-name',
          );
          if (!one.args.includes('--no-verify'))
            expect({ about, got: misleading.length }).toEqual({ about, got: warned });
        } else if (/UnicodeDecodeError/.test(theirs.stderr) && isEmpty) {
          // An empty binary table, which it takes for text.
          seen.refused += 1;
        } else {
          seen.refused += 1;
          expect({ about, refused: [2, 3].includes(ours.exitCode) }).toEqual({
            about,
            refused: true,
          });
          const said = SAID.find(([text]) => text.test(theirs.stderr))?.[1];
          // A traceback says nothing; what it crashes on (such as a type over 255) we refuse earlier.
          // Where there is reason to think that a file is no CSV at all, we say that instead.
          if (theirs.exit === 2 && !EARLIER.has(error?.code ?? '')) {
            const agreed = new RegExp(`^${said}$`).test(error?.code ?? '');
            expect({ about, said, agreed }).toEqual({ about, said, agreed: true });
          }
        }
      }
      return seen;
    }

    it('builds the same bytes of 600 generated CSVs, or refuses them for the same reason', async () => {
      const texts = fc.sample(fc.tuple(anyCsv, anyOptions), { numRuns: 600, seed: 20240 });
      const seen = await expectSame(
        texts.map(([text, args]) => ({ input: new TextEncoder().encode(text), args })),
      );
      // The generator of tables must not drift into only good or only bad ones.
      expect(seen.built).toBeGreaterThan(60);
      expect(seen.refused).toBeGreaterThan(60);
    });

    it('does the same with 400 damaged tables', async () => {
      const seeds = FOLDERS.flatMap((folder) =>
        readdirSync(folder).map((name) => new Uint8Array(readFileSync(join(folder, name)))),
      );
      const inputs = Array.from({ length: 400 }, (_, index) => inputFor(seeds, WORDS, 3, index));
      const seen = await expectSame(inputs.map((input) => ({ input, args: [] })));
      expect(seen.built).toBeGreaterThan(40);
      expect(seen.refused).toBeGreaterThan(40);
    });

    it('builds the same bytes of every preset and every table in the field', async () => {
      const paths = FOLDERS.flatMap((folder) =>
        readdirSync(folder).map((name) => join(folder, name)),
      );
      const seen = await expectSame(
        paths.map((path) => ({ input: new Uint8Array(readFileSync(path)), args: [] })),
      );
      expect(seen.built).toBeGreaterThan(44);
    });

    it('takes text in other encodings, names of a project, and large tables as it does', async () => {
      const text = 'phy_инит,data,phy,,4K\napp,app,factory,,1M';
      const rows = (count: number) =>
        Array.from({ length: count }, (_, index) => `n${index},data,fat,,4K`).join('\n');
      const bytes = (text: string) => new TextEncoder().encode(text);
      const extra = ['--extra-partition-subtypes', 'app, rescue, 0x40', 'data,certs,41', '--'];
      const seen = await expectSame([
        ...(['utf-8-bom', 'utf-16le', 'utf-16be', 'utf-32be'] as const).map((encoding) => ({
          input: encodeText(text, encoding),
          args: [],
        })),
        { input: Uint8Array.of(0x61, 0xc3, 0x28), args: [] },
        { input: bytes('r,app,rescue,,1M\nc,data,certs,,4K'), args: extra },
        { input: bytes('r,app,rescue,,1M'), args: [] },
        { input: bytes('r,app,factory,$NOPE,1M'), args: [] },
        { input: bytes('$NOPE,app,factory,,1M'), args: [] },
        ...[94, 95, 96].flatMap((count) => [
          { input: bytes(rows(count)), args: [] },
          { input: bytes(rows(count)), args: ['--disable-md5sum'] },
        ]),
      ]);
      expect(seen).toEqual({ built: 8, refused: 7 });
    });

    it('prints the same CSV of binary tables, and refuses damaged ones', async () => {
      const samples = fc.sample(fc.tuple(anyCsv, anyOptions, fc.nat(200)), {
        numRuns: 400,
        seed: 7,
      });
      const built = (
        await peerOn(
          samples.map(([text]) => ({
            input: new TextEncoder().encode(text),
            args: ['--no-verify'],
          })),
        )
      ).flatMap(({ output }) =>
        output === null ? [] : [new Uint8Array(Buffer.from(output, 'base64'))],
      );
      const damaged = built.slice(0, 60).map((bytes, index) => {
        const copy = bytes.slice();
        const at = samples[index]?.[2] ?? 0;
        copy[at] = (copy[at] ?? 0) ^ 0x10;
        return copy;
      });
      const cases = [...built, ...damaged].map((input) => ({ input, args: [] }));
      const results = await peerOn(cases);
      let printed = 0;
      for (const [index, theirs] of results.entries()) {
        const path = join(folder, 'table.bin');
        await writeFile(path, cases[index]?.input ?? '');
        // It takes an empty binary table for a CSV, because that begins with the MD5 row.
        if (/can't decode byte 0xeb in position 0/.test(theirs.stderr)) continue;
        const ours = await otakit(['partitions', 'csv', path]);
        const about = `${theirs.stderr}---\n${ours.stderr}`;
        if (theirs.output === null) {
          expect({ about, got: ours.exitCode }).toEqual({ about, got: 3 });
        } else if (ours.stderr.includes('partition-table/not-in-csv')) {
          expect({ about, got: ours.exitCode }).toEqual({ about, got: 3 });
        } else {
          printed += 1;
          expect({ about, got: ours.stdout }).toEqual({
            about,
            got: Buffer.from(theirs.output, 'base64').toString(),
          });
        }
      }
      expect(printed).toBeGreaterThan(20);
    });
  },
);

import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Issue } from '../../src/shared/index.ts';
import { otakit } from '../support/cli.ts';
import { describeWithPeers } from '../support/peer.ts';
import { anyCsv, anyOptions } from './arbitraries.ts';

const BATCH = fileURLToPath(new URL('gen-esp32part-batch.py', import.meta.url));

interface Case {
  readonly input: Uint8Array;
  readonly args: readonly string[];
}

interface PeerResult {
  readonly exit: 0 | 1 | 2;
  readonly stderr: string;
  readonly output: string | null;
}

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
  [/But partition table occupies/, 'partition-table/overlaps-table'],
  [/Partitions overlap\. .*Previous partition ends/, 'partition-table/overlap'],
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

describeWithPeers(['gen_esp32part.py', 'python3'], 'beside gen_esp32part.py', ([tool = '', python = '']) => {
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
    const { stdout } = await promisify(execFile)('sh', ['-c', command, python, BATCH, tool, path], {
      maxBuffer: 1 << 28,
      env: { PATH: process.env['PATH'] },
    });
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
      ...own,
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
      const errors = ours.issues.filter(({ severity }) => severity === 'error');
      if (theirs.exit === 0) {
        seen.built += 1;
        expect(ours.exitCode, about).toBe(0);
        expect(ours.bytes?.toString('base64'), about).toBe(theirs.output);
        const warned = theirs.stderr.match(/WARNING: Partition has name/g)?.length ?? 0;
        const misleading = ours.issues.filter(
          ({ code }) => code === 'partition-table/misleading-name',
        );
        if (!one.args.includes('--no-verify')) expect(misleading.length, about).toBe(warned);
      } else {
        seen.refused += 1;
        expect(ours.exitCode, about).not.toBe(0);
        expect(ours.exitCode, about).not.toBe(70);
        const said = SAID.find(([text]) => text.test(theirs.stderr))?.[1];
        // A traceback says nothing; what it crashes on (such as a type over 255) we refuse earlier.
        if (theirs.exit === 2 && errors[0]?.code !== 'partition-table/value-out-of-range') {
          expect(errors[0]?.code, about).toBe(said);
        }
      }
    }
    return seen;
  }

  it('builds the same bytes of 600 generated CSVs, or refuses them for the same reason', async () => {
    const texts = fc.sample(fc.tuple(anyCsv, anyOptions), 600);
    const seen = await expectSame(
      texts.map(([text, args]) => ({ input: new TextEncoder().encode(text), args })),
    );
    // The generator of tables must not drift into only good or only bad ones.
    expect(seen.built).toBeGreaterThan(60);
    expect(seen.refused).toBeGreaterThan(60);
  });
});

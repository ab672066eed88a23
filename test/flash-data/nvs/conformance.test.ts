import { mkdtemp, rm, writeFile, readFile } from 'node:fs/promises';
import { execFileSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from '../../support/property.ts';
import { afterAll, beforeAll, expect, it } from 'vitest';
import {
  buildNvs,
  decryptNvs,
  deriveNvsKeys,
  encryptNvs,
  NvsError,
  parseNvs,
  parseNvsCsv,
  parseNvsKeys,
  serializeNvsCsv,
  serializeNvsKeys,
} from '../../../src/flash-data/index.ts';
import { describeWithPeers } from '../../support/peer.ts';
import { peerCase } from './arbitraries.ts';
import { generateWithPeer, type PeerCase } from './peer.ts';

const CASES = 600;

function build({ csv, sizeBytes, version }: PeerCase): Uint8Array | string {
  try {
    return buildNvs(parseNvsCsv(csv), { sizeBytes, version }).bytes;
  } catch (error) {
    if (!(error instanceof NvsError)) throw error;
    return error.code;
  }
}

describeWithPeers(['peer-python'], 'NVS beside nvs_partition_gen', ([python = '']) => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'otakit-'));
  });
  afterAll(() => rm(folder, { recursive: true }));

  const sameBytes = (a: Uint8Array, b: Uint8Array | string) =>
    typeof b !== 'string' && Buffer.compare(a, b) === 0;

  it(`builds the same bytes from ${CASES} generated CSVs, and refuses what it refuses`, async () => {
    const cases = fc.sample(peerCase, { numRuns: CASES });
    const theirs = await generateWithPeer(python, folder, cases);
    const differing = cases.flatMap((example, number) => {
      const ours = build(example);
      const peer = theirs[number] ?? '';
      // Where a string fills a page whole the tool crashes; that case has a test of its own.
      if (typeof peer === 'string' && peer.startsWith('PageFullError')) return [];
      const agree = typeof peer === 'string' ? typeof ours === 'string' : sameBytes(peer, ours);
      return agree ? [] : [{ number, peer: String(peer).slice(0, 80), csv: example.csv }];
    });
    expect({ seed: fc.SEED, differing }).toEqual({ seed: fc.SEED, differing: [] });
    expect(theirs.filter((peer) => typeof peer !== 'string').length).toBeGreaterThan(200);
  });

  it('encrypts to the same bytes, and decrypts what it encrypted', async () => {
    const keys = fc.uint8Array({ minLength: 64, maxLength: 64 });
    const cases = fc.sample(
      fc.tuple(peerCase, keys).map(([example, key]) => ({ ...example, keys: key })),
      { numRuns: 60 },
    );
    const theirs = await generateWithPeer(python, folder, cases);
    let compared = 0;
    for (const [number, example] of cases.entries()) {
      const peer = theirs[number] ?? '';
      const plain = build(example);
      if (typeof peer === 'string' || typeof plain === 'string') continue;
      compared += 1;
      expect(sameBytes(await encryptNvs(plain, example.keys), peer)).toBe(true);
      expect(sameBytes(await decryptNvs(peer, example.keys), plain)).toBe(true);
    }
    expect(compared).toBeGreaterThan(15);
  });

  it('writes CSVs that give the tool the values back', async () => {
    const originals = fc.sample(peerCase, { numRuns: 80 }).flatMap((example) => {
      const bytes = build(example);
      if (typeof bytes === 'string') return [];
      return [{ nvs: parseNvs(bytes), version: example.version }];
    });
    const cases = originals.map(({ nvs, version }) => ({
      // The tool makes entries of its own for these keys.
      csv: serializeNvsCsv(nvs).replaceAll(/^(sta|ap)\./gm, '$1_'),
      sizeBytes: 0x20000,
      version,
    }));
    const theirs = await generateWithPeer(python, folder, cases);
    for (const [number, { csv }] of cases.entries()) {
      const peer = theirs[number] ?? '';
      if (typeof peer === 'string' && peer.startsWith('PageFullError')) continue;
      expect(typeof peer === 'string' ? peer : '').toBe('');
      if (typeof peer !== 'string') expect(serializeNvsCsv(parseNvs(peer))).toBe(csv);
    }
    expect(cases.length).toBeGreaterThan(20);
  });

  it('reads its keys, and derives the same ones from an HMAC key', async () => {
    const hmacKey = join(folder, 'hmac.bin');
    await writeFile(
      hmacKey,
      Uint8Array.from({ length: 32 }, (_, index) => index * 7),
    );
    const run = (...args: string[]) =>
      execFileSync(
        python,
        ['-m', 'esp_idf_nvs_partition_gen', 'generate-key', '--outdir', folder, ...args],
        { stdio: 'pipe' },
      );
    run('--keyfile', 'random.bin');
    run('--keyfile', 'derived.bin', '--key_protect_hmac', '--kp_hmac_inputkey', hmacKey);
    for (const name of ['random.bin', 'derived.bin']) {
      const file = new Uint8Array(await readFile(join(folder, 'keys', name)));
      expect(serializeNvsKeys(parseNvsKeys(file))).toEqual(file);
      if (name === 'derived.bin') {
        const derived = deriveNvsKeys(new Uint8Array(await readFile(hmacKey)));
        expect(parseNvsKeys(file)).toEqual(derived);
      }
    }
  });

  it('takes a string that fills a page, on which the tool crashes', async () => {
    const csv = `key,type,encoding,value\ns,namespace,,\nlong,data,string,${'x'.repeat(3990)}\n`;
    const example = { csv, sizeBytes: 0x4000, version: 2 } as const;
    const [peer] = await generateWithPeer(python, folder, [example]);
    expect(peer).toContain('PageFullError');
    const nvs = parseNvs(build(example) as Uint8Array);
    expect(nvs.issues).toEqual([]);
    expect(nvs.variables).toMatchObject([{ key: 'long', value: { text: 'x'.repeat(3990) } }]);
  });
});

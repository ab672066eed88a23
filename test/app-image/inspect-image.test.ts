import { describe, expect, it } from 'vitest';
import * as fc from '../support/property.ts';
import { buildAppImage, inspectImage, parseAppImage } from '../../src/app-image/index.ts';
import { CHIPS } from '../../src/chips/index.ts';
import { concatBytes, memorySource } from '../../src/shared/index.ts';
import {
  buildTestApp,
  buildTestBootloader,
  buildTinyApp,
  mergeAt,
} from '../support/build-image.ts';
import { table } from '../support/raw-table.ts';

const inspect = (bytes: Uint8Array) => inspectImage(memorySource(bytes));
const text = (value: string) => new TextEncoder().encode(value);
const codes = async (bytes: Uint8Array) => (await inspect(bytes)).issues.map((one) => one.code);

describe('an app image', () => {
  it('is read with all its fields', async () => {
    const bytes = await buildTestApp({ descriptor: { version: 'v2.1', secureVersion: 3 } });
    const found = await inspect(bytes);
    expect(found).toMatchObject({
      kind: 'app-image',
      chip: 'esp32',
      entryPoint: 0x40070000,
      imageLengthBytes: bytes.length,
      hash: { appended: true, valid: true },
      checksum: { valid: true },
      appDescriptor: {
        version: 'v2.1',
        projectName: 'test-app',
        time: '12:34:56',
        date: 'Nov 20 2026',
        idfVersion: 'v5.4.3',
        secureVersion: 3,
        appElfSha256: '0'.repeat(64),
      },
      issues: [],
    });
    if (found.kind !== 'app-image') throw new Error('not reached');
    expect(found.segments.map(({ memory }) => memory)).toEqual(['DROM', 'IRAM', 'PADDING', 'IROM']);
    expect(found.segments[0]).toMatchObject({ loadAddress: 0x3f400020, fileOffset: 32 });
  });

  it('of every chip is recognised as that chip', async () => {
    for (const { name } of CHIPS) {
      if (name === 'esp8266') continue;
      expect(await inspect(await buildTestApp({ chip: name }))).toMatchObject({
        kind: 'app-image',
        chip: name,
        issues: [],
      });
    }
  });

  it('of the ESP8266 has the older header', async () => {
    const bytes = await buildAppImage({
      chip: 'esp8266',
      entryPoint: 0x40101844,
      segments: [{ loadAddress: 0x40100000, data: new Uint8Array(20).fill(1) }],
    });
    expect(await inspect(bytes)).toMatchObject({
      kind: 'app-image',
      chip: 'esp8266',
      checksum: { valid: true },
      hash: { appended: false, valid: null },
      imageLengthBytes: 48,
    });
  });

  it('is still one when it is damaged, and says how', async () => {
    const bytes = await buildTinyApp();
    const damaged = (at: number, value: number) => {
      const copy = bytes.slice();
      copy[at] = value;
      return copy;
    };
    expect(await codes(damaged(60, 1))).toEqual([
      'app-image/checksum-mismatch',
      'app-image/hash-mismatch',
    ]);
    expect(await codes(damaged(2, 1))).toEqual(['app-image/hash-mismatch']);
    expect(await codes(damaged(12, 3))).toContain('app-image/unknown-chip');
    expect(await codes(damaged(23, 7))).toContain('app-image/bad-hash-flag');
    expect(await codes(damaged(1, 17))).toContain('app-image/segment-count');
    expect(await codes(damaged(28, 1))).toContain('app-image/segment-length');
    expect(await codes(bytes.subarray(0, -1))).toEqual(['app-image/truncated']);
    expect(await codes(bytes.subarray(0, 26))).toEqual(['app-image/truncated']);
    expect(await codes(concatBytes([bytes, text('junk')]))).toEqual(['app-image/trailing-bytes']);
  });

  it('may do without a hash, but not silently', async () => {
    const bytes = await buildTestApp({ image: { appendHash: false } });
    expect(await codes(bytes)).toEqual(['app-image/hash-missing']);
    expect(await inspect(bytes)).toMatchObject({ hash: { appended: false, valid: null } });
  });

  it('needs room for a descriptor in its first segment', async () => {
    const bytes = await buildAppImage({
      chip: 'esp32',
      entryPoint: 0x40080000,
      segments: [{ loadAddress: 0x400d0020, data: new Uint8Array(8) }],
    });
    expect(await codes(bytes)).toEqual(['app-image/first-segment-too-small']);
  });

  it('is parsed, or the first fault is thrown', async () => {
    const bytes = await buildTinyApp();
    expect((await parseAppImage(memorySource(bytes))).appDescriptor?.version).toBe('1.0.0');
    const rejects = (broken: Uint8Array, code: string) =>
      expect(parseAppImage(memorySource(broken))).rejects.toMatchObject({ code });
    await rejects(bytes.subarray(0, 100), 'app-image/truncated');
    await rejects(text('<html>'), 'app-image/html');
  });
});

describe('what is no app image', () => {
  it('is told by its content', async () => {
    const kinds = {
      'partition-table': table([{ name: 'nvs', type: 1, subtype: 2, at: 0x9000, size: 0x4000 }]),
      elf: Uint8Array.of(0x7f, 0x45, 0x4c, 0x46, 1, 1, 1, 0),
      uf2: Uint8Array.of(0x55, 0x46, 0x32, 0x0a, 0x57, 0x51, 0x5d, 0x9e),
      'intel-hex': text(':020000040000FA\n:00000001FF\n'),
      gzip: Uint8Array.of(0x1f, 0x8b, 8, 0),
      html: text('\n<!DOCTYPE html><title>Log in</title>'),
      'empty-flash': new Uint8Array(300_000).fill(0xff),
      unknown: text('just some words'),
    } as const;
    for (const [kind, bytes] of Object.entries(kinds)) {
      expect((await inspect(bytes)).kind).toBe(kind);
    }
    expect((await inspect(new Uint8Array(0))).kind).toBe('empty-flash');
    expect((await inspect(new Uint8Array(5000))).kind).toBe('unknown');
    expect((await inspect(text('# Name, Type\nnvs, data, nvs, , 0x4000\n'))).kind).toBe(
      'partition-table',
    );
  });

  it('is encrypted when it is as random as ciphertext', async () => {
    const key = await crypto.subtle.importKey('raw', new Uint8Array(16), 'AES-CTR', false, [
      'encrypt',
    ]);
    const cipher = { name: 'AES-CTR', counter: new Uint8Array(16), length: 64 };
    const app = await buildTestApp();
    const ciphertext = new Uint8Array(await crypto.subtle.encrypt(cipher, key, app));
    expect((await inspect(ciphertext)).kind).toBe('encrypted');
    ciphertext[0] = 0xe9;
    expect((await inspect(ciphertext)).kind).toBe('encrypted');
  });

  it('is a bootloader, new or old', async () => {
    const found = await inspect(await buildTestBootloader('esp32c3'));
    expect(found).toMatchObject({
      kind: 'bootloader',
      chip: 'esp32c3',
      bootloaderDescriptor: { version: 1, idfVersion: 'v5.4.3', buildTime: 'Nov 20 2026 12:00:00' },
      issues: [],
    });
    expect(await inspect(await buildTestBootloader('esp32', { old: true }))).toMatchObject({
      kind: 'bootloader',
      bootloaderDescriptor: null,
    });
  });

  it('is unknown where it cannot be read', async () => {
    const source = { sizeBytes: 100, read: () => Promise.reject(new Error('the disk is gone')) };
    expect(await inspectImage(source)).toMatchObject({
      kind: 'unknown',
      issues: [{ code: 'app-image/unreadable', severity: 'error' }],
    });
  });
});

describe('a merged image', () => {
  const rows = [
    { name: 'nvs', type: 1, subtype: 2, at: 0x9000, size: 0x4000 },
    { name: 'ota_0', type: 0, subtype: 0x10, at: 0x10000, size: 0x40000 },
  ];

  it('is found with the ESP32 gap at its start, without it, and on chips that have none', async () => {
    for (const [chip, bootloaderAt, base] of [
      ['esp32', 0x1000, 0],
      ['esp32', 0, 0x1000],
      ['esp32c3', 0, 0],
      ['esp32p4', 0x2000, 0],
    ] as const) {
      const app = await buildTestApp({ chip });
      const merged = mergeAt({
        [bootloaderAt]: await buildTestBootloader(chip),
        [0x8000 - base]: table(rows),
        [0x10000 - base]: app,
      });
      expect(await inspect(merged)).toMatchObject({
        kind: 'merged-image',
        chip,
        baseFlashOffset: base,
        partitionTableFileOffset: 0x8000 - base,
        images: [
          { kind: 'bootloader', fileOffset: bootloaderAt },
          {
            kind: 'app-image',
            flashOffset: 0x10000,
            lengthBytes: app.length,
            complete: true,
            appDescriptor: { version: '1.0.0' },
            partitionName: 'ota_0',
          },
        ],
      });
    }
  });

  it('is still one when its app is cut short, or its bootloader missing', async () => {
    const app = await buildTestApp();
    const cut = mergeAt({ 0x8000: table(rows), 0x10000: app.subarray(0, 5000) });
    expect(await inspect(cut)).toMatchObject({
      kind: 'merged-image',
      images: [{ kind: 'app-image', complete: false, lengthBytes: 5000 }],
    });
    cut[0x8000 + 4] = 1;
    expect(await inspect(cut)).toMatchObject({
      kind: 'merged-image',
      partitionTable: null,
      images: [{ kind: 'app-image' }],
      issues: [{ code: 'app-image/damaged-table' }],
    });
    const twoApps = mergeAt({ 0: app, 0x40000: app });
    expect(await inspect(twoApps)).toMatchObject({
      kind: 'merged-image',
      images: [{ fileOffset: 0 }, { fileOffset: 0x40000 }],
    });
  });
});

describe('any bytes at all', () => {
  it('are inspected without a throw', async () => {
    const head = fc.constantFrom([0xe9], [0xe9, 4, 2, 0x20], [0xaa, 0x50], [0xff], []);
    await fc.assert(
      fc.asyncProperty(head, fc.uint8Array({ maxLength: 9000 }), async (start, rest) => {
        const found = await inspect(Uint8Array.from([...start, ...rest]));
        expect(found.kind).toMatch(/^[a-z0-9-]+$/);
      }),
      { numRuns: 300 },
    );
  });

  it('that are a small image with one cut or one flipped byte are noticed', async () => {
    const bytes = await buildTinyApp();
    for (let length = 0; length < bytes.length; length++) {
      await expect(parseAppImage(memorySource(bytes.subarray(0, length)))).rejects.toThrow(/./);
    }
    for (let at = 0; at < bytes.length; at++) {
      const flipped = bytes.slice();
      flipped[at] = (flipped[at] ?? 0) ^ 0x10;
      await expect(parseAppImage(memorySource(flipped)), `byte ${at}`).rejects.toThrow(/./);
    }
  });
});

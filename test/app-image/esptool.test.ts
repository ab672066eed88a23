import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { inspectImage } from '../../src/app-image/index.ts';
import { memorySource } from '../../src/shared/index.ts';
import { describeWithPeers } from '../support/peer.ts';
import { REPOSITORY } from '../support/source-files.ts';

const folder = join(REPOSITORY, 'firmware-samples/images');
const samples = readdirSync(folder).filter((name) => /^hello-.*\d\.bin$/.test(name));

describeWithPeers(['esptool'], 'what esptool image-info says of the samples', ([esptool = '']) => {
  it.each(samples)('%s', async (name) => {
    const path = join(folder, name);
    const image = await inspectImage(memorySource(readFileSync(path)));
    if (image.kind !== 'app-image') throw new Error(`${name} is ${image.kind}`);
    const output = execFileSync(esptool, ['image-info', path], { encoding: 'utf8' });
    const field = (title: string) =>
      new RegExp(`^${title}: +(.+?)\\s*$`, 'm').exec(output)?.[1] ?? `no ${title}`;

    expect(Number(field('Entry point'))).toBe(image.entryPoint);
    expect(field('Chip ID')).toContain(`${image.header.extended?.chipId} (`);
    expect(field('Checksum')).toBe(
      `0x${image.checksum.computed?.toString(16).padStart(2, '0')} (valid)`,
    );
    expect(field('Validation hash')).toBe(`${image.hash.computed} (valid)`);
    expect(field('Project name')).toBe(image.appDescriptor?.projectName);
    expect(field('App version')).toBe(image.appDescriptor?.version);
    expect(field('ELF file SHA256')).toBe(image.appDescriptor?.appElfSha256);
    expect(field('ESP-IDF')).toBe(image.appDescriptor?.idfVersion);
    expect(field('Compile time')).toBe(`${image.appDescriptor?.date} ${image.appDescriptor?.time}`);
    const rows = [...output.matchAll(/^ +(\d+) +0x(\w+) +0x(\w+) +0x(\w+)/gm)].map((match) => ({
      index: Number(match[1]),
      lengthBytes: Number.parseInt(match[2] ?? '', 16),
      loadAddress: Number.parseInt(match[3] ?? '', 16),
      fileOffset: Number.parseInt(match[4] ?? '', 16) + 8,
    }));
    expect(rows).toHaveLength(image.segments.length);
    expect(image.segments).toMatchObject(rows);
  });
});

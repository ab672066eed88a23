import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readServerFile, removeServerFile, writeServerFile } from '../../src/server/index.ts';
import { temporaryFolder } from '../support/temp-folder.ts';

const contents = { url: 'http://127.0.0.1:1', pid: process.pid, token: 'otk_x' };

describe('how commands find the server of a folder', () => {
  it('is a file for its user only, gone when the server is', async () => {
    const folder = await temporaryFolder();
    expect(await readServerFile(folder)).toBeNull();
    await writeServerFile(folder, contents);
    expect(await readServerFile(folder)).toEqual(contents);
    expect((await stat(join(folder, 'server.json'))).mode & 0o777).toBe(0o600);
    await removeServerFile(folder, process.pid + 1);
    expect(await readServerFile(folder)).toEqual(contents);
    await removeServerFile(folder, process.pid);
    expect(await readServerFile(folder)).toBeNull();
  });

  it('does not count when the process was killed, or the file is none of ours', async () => {
    const folder = await temporaryFolder();
    const child = spawn('true');
    await once(child, 'close');
    await writeServerFile(folder, { ...contents, pid: child.pid ?? 0 });
    expect(await readServerFile(folder)).toBeNull();
    for (const text of ['', '{', '{"url":1}', '[]']) {
      await writeFile(join(folder, 'server.json'), text);
      expect(await readServerFile(folder)).toBeNull();
    }
  });
});

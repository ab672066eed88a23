import { spawnSync } from 'node:child_process';
import { readdir, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { fileTarget, removeLeftovers, temporaryName } from '../../src/machine-config/index.ts';
import { temporaryFolder } from '../support/temp-folder.ts';

/** The id of a process that has ended. */
function endedProcess(): number {
  return spawnSync(process.execPath, ['--eval', '0']).pid;
}

describe('what is left beside a config', () => {
  it('goes with the next edit where its process was killed, and stays where that may still run', async () => {
    const folder = await temporaryFolder();
    const path = join(folder, 'machine.json');
    await writeFile(path, '{"a": 1}');
    const ours = await temporaryName(path);
    expect(await temporaryName(path)).not.toBe(ours);
    const ofKilled = ours.replace(`-${process.pid}-`, `-${endedProcess()}-`);
    expect(ofKilled).not.toBe(ours);
    // As the process of another machine or container would name it.
    const ofElsewhere = ofKilled.replace(/\.[0-9a-f]{8}-/, '.00000000-');
    const ofOther = ofKilled.replace('machine.json', 'other.json');
    const strange = [`${path}.tmp`, `${path}.bak`, `${path}.deadbeef.tmp`];
    for (const name of [ours, ofKilled, ofElsewhere, ofOther, ...strange]) {
      await writeFile(name, 'half');
    }
    const target = fileTarget(path);
    await target.write('{"a": 2}', await target.read());
    const names = [path, ours, ofElsewhere, ofOther, ...strange].map((name) => basename(name));
    expect((await readdir(folder)).toSorted()).toEqual(names.toSorted());
  });

  it('keeps nobody from writing where the folder cannot be listed', async () => {
    await expect(removeLeftovers('/nowhere/at/all.json')).resolves.toBeUndefined();
  });
});

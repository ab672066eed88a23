import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { fixture } from '../../machine-config/fixture.ts';
import { otakit } from '../../support/cli.ts';
import { REPOSITORY } from '../../support/source-files.ts';
import { temporaryFolder } from '../../support/temp-folder.ts';

const KILLER = join(REPOSITORY, 'test/support/kill-at-file-operation.program.ts');
const EARLIER = ['--tag', 'v1.1.0'];
const KILLED = ['--tag', 'v1.2.0'];

/** Runs `otakit config set` and kills it before its n-th change of the file system. */
async function setAndKill(file: string, env: Readonly<Record<string, string>>, killAt: number) {
  const child = spawn(
    process.execPath,
    [
      '--import',
      KILLER,
      join(REPOSITORY, 'src/main.ts'),
      'config',
      'set',
      '--file',
      file,
      ...KILLED,
    ],
    { stdio: 'ignore', env: { ...process.env, ...env, KILL_AT: String(killAt) } },
  );
  const [exitCode, signal] = (await once(child, 'close')) as [number | null, string | null];
  return { exitCode, signal };
}

describe('kill -9 during `config set`', () => {
  it('leaves the old config or the new one, `revert` puts the old one back, and the next edit cleans up', async () => {
    const seen = new Set<string>();
    for (let killAt = 1; ; killAt += 1) {
      const folder = await temporaryFolder();
      const file = join(folder, 'machine.json');
      const env = { OTAKIT_DATA: join(folder, 'data') };
      const config = (...args: string[]) => otakit(['config', ...args, '--file', file], { env });
      const original = fixture('app-triplet.json');
      await writeFile(file, original);
      await config('set', ...EARLIER);
      const before = await readFile(file, 'utf8');

      const { exitCode, signal } = await setAndKill(file, env, killAt);
      const after = await readFile(file, 'utf8');
      if (signal !== 'SIGKILL') {
        expect(exitCode).toBe(0);
        expect(after).toBe(before.replace('v1.1.0', 'v1.2.0'));
        break;
      }
      expect([before, before.replace('v1.1.0', 'v1.2.0')]).toContain(after);
      seen.add(after === before ? 'old' : 'new');
      if ((await readdir(folder)).some((name) => name.endsWith('.tmp'))) seen.add('leftover');

      // The first one undoes what was killed, or finds that the edit before is the last one.
      const undone = await config('revert');
      expect(undone.exitCode).toBe(0);
      const isKept = undone.stdout.includes('v1.1.0');
      expect(await readFile(file, 'utf8')).toBe(isKept ? before : original);
      if (isKept) {
        expect((await config('revert')).exitCode).toBe(0);
        expect(await readFile(file, 'utf8')).toBe(original);
      }
      // What was new before must have been kept by then.
      if (after !== before) expect(isKept).toBe(true);

      expect((await config('set', ...EARLIER)).exitCode).toBe(0);
      expect((await readdir(folder)).toSorted()).toEqual(['data', 'machine.json']);
      expect(await readdir(join(env.OTAKIT_DATA, 'config-undo'))).toHaveLength(1);
    }
    expect([...seen].toSorted()).toEqual(['leftover', 'new', 'old']);
  });
});

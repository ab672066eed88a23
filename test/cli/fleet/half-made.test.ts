import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { otakit } from '../../support/cli.ts';
import { temporaryFolder } from '../../support/temp-folder.ts';

const TABLE = 'partitions/ota-4mb.csv';
const MERGED = 'firmware-samples/images/hello-esp32c3-1.0.0-merged.bin';

describe('a command that fails leaves nothing half-made', () => {
  let folder = '';
  beforeEach(async () => {
    folder = await temporaryFolder();
  });
  const run = (...args: readonly string[]) => otakit([...args, '--data', join(folder, 'fleet')]);
  const total = async (noun: string) => {
    const { stdout } = await run(noun, 'list', '--json');
    return (JSON.parse(stdout) as { readonly total: number }).total;
  };

  it.each([
    ['device', ['device', 'create', 'd1']],
    ['token', ['token', 'create', 'ci', '--role', 'viewer']],
  ])('no %s whose secret cannot be written down', async (noun, args) => {
    const taken = join(folder, 'taken');
    await writeFile(taken, 'precious');
    const exists = await run(...args, '--secret-file', taken);
    expect([exists.exitCode, exists.stderr]).toEqual([2, expect.stringContaining('file-exists')]);
    const nowhere = await run(...args, '--secret-file', join(folder, 'no', 'such', 'folder'));
    expect(nowhere.stderr).toContain('cli/file-not-writable');
    expect(await total(noun)).toBe(0);
  });

  it('a move of several devices is all or none', async () => {
    await run('cohort', 'create', 'old');
    await run('device', 'create', 'd1', '--cohort', 'old');
    await run('device', 'create', 'd2');
    for (const [args, exitCode] of [
      [['cohort', 'add', 'new', 'd1'], 3],
      [['cohort', 'drop', 'old', 'd1', 'd2'], 2],
      [['cohort', 'drop', 'old', 'd1', 'd3'], 3],
    ] as const) {
      expect([args, (await run(...args)).exitCode]).toEqual([args, exitCode]);
    }
    await run('cohort', 'create', 'new');
    expect((await run('cohort', 'add', 'new', 'd1', 'nobody')).exitCode).toBe(3);
    const { stdout } = await run('device', 'show', 'd1', '--json');
    expect(JSON.parse(stdout)).toMatchObject({ cohortId: 'old' });
  });

  it('no private key without its public one', async () => {
    await mkdir(join(folder, 'keys'));
    await writeFile(join(folder, 'keys', 'a.pub.pem'), 'another');
    const { exitCode } = await otakit(['sign', 'keygen', '-o', join(folder, 'keys', 'a.pem')]);
    expect(exitCode).toBe(2);
    expect(await readdir(join(folder, 'keys'))).toEqual(['a.pub.pem']);
  });

  it('what keygen says to do next works as it stands', async () => {
    const key = join(folder, 'release.pem');
    const { stdout } = await otakit(['sign', 'keygen', '-o', key]);
    const next = /otakit (key add .*)$/m.exec(stdout)?.[1]?.split(' ') ?? [];
    const added = await run(...next, '--json');
    expect(JSON.parse(added.stdout)).toMatchObject({ name: 'release' });
  });

  it('the history of a package begins with its newest version', async () => {
    await run('package', 'create', 'model', '--kind', 'binary');
    for (const version of ['1.2.0', '1.10.0']) {
      const file = join(folder, version);
      await writeFile(file, version);
      await run('artifact', 'create', file, '--package', 'model', '--version', version);
    }
    const { stdout } = await run('package', 'show', 'model');
    expect(stdout.indexOf('1.10.0')).toBeGreaterThan(0);
    expect(stdout.indexOf('1.10.0')).toBeLessThan(stdout.indexOf('1.2.0'));
  });

  it('a blueprint takes its table from a CSV, a binary and a whole flash', async () => {
    const binary = join(folder, 'table.bin');
    await otakit(['partitions', 'build', TABLE, '-o', binary]);
    const chip = ['--chip', 'esp32c3'];
    for (const [id, file] of [
      ['csv', TABLE],
      ['binary', binary],
      ['merged', MERGED],
    ] as const) {
      expect((await run('blueprint', 'create', id, ...chip, '-p', file)).exitCode).toBe(0);
    }
    const image = 'firmware-samples/images/hello-esp32c3-1.0.0.bin';
    const refused = await run('blueprint', 'create', 'x', ...chip, '-p', image);
    expect(refused.exitCode).toBe(3);
    expect(refused.stderr).toContain('partition-table/');
    const listed = await run('blueprint', 'list', '--chip', 'ESP32-C3', '--json');
    expect(JSON.parse(listed.stdout)).toMatchObject({ total: 3 });
  });
});

import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { otakit } from '../support/cli.ts';

describe('options from the environment', () => {
  let file = '';
  beforeAll(async () => {
    file = join(await mkdtemp(join(tmpdir(), 'otakit-env-')), 'machine.json');
    await writeFile(file, '{"services": []}\n');
  });
  afterEach(() => vi.unstubAllEnvs());

  async function run(args: readonly string[], env: Readonly<Record<string, string>>) {
    for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value);
    return await otakit(args, { env });
  }

  it('takes a value from OTAKIT_<COMMAND>_<OPTION>', async () => {
    const { exitCode, stderr } = await run(['config', 'show'], { OTAKIT_CONFIG_SHOW_FILE: file });
    expect(stderr).toContain('machine-config/no-service');
    expect(exitCode).toBe(0);
  });

  it('lets the command line win', async () => {
    const { stderr } = await run(['config', 'show', '--file', `${file}.none`], {
      OTAKIT_CONFIG_SHOW_FILE: file,
    });
    expect(stderr).toContain('machine-config/target');
  });

  it('takes several-valued and yes/no options', async () => {
    const { exitCode, stdout } = await run(['config', 'show'], {
      OTAKIT_CONFIG_SHOW_FILE: file,
      OTAKIT_CONFIG_SHOW_JSON: '1',
    });
    expect(exitCode).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ services: [] });
    const parts = await run(['config', 'show', '--file', file], {
      OTAKIT_CONFIG_SHOW_PART: '1234',
    });
    expect(parts.stderr).toContain('several kinds of machine config');
  });

  it.each(['', '0', 'false', 'no', 'off'])('leaves a yes/no option off for "%s"', async (value) => {
    const { stdout } = await run(['config', 'show', '--file', file], {
      OTAKIT_CONFIG_SHOW_JSON: value,
    });
    expect(stdout).not.toContain('{');
  });

  it('refuses a value that the option does not take, and names the variable', async () => {
    const { exitCode, stderr } = await run(['dev', '.', '--file', file], { OTAKIT_DEV_FOR: 'x' });
    expect(exitCode).toBe(2);
    expect(stderr).toContain('OTAKIT_DEV_FOR');
  });
});

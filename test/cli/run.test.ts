import { describe, expect, it } from 'vitest';
import { otakit } from '../support/cli.ts';

describe('otakit', () => {
  it('prints its version', async () => {
    const { exitCode, stdout } = await otakit(['--version']);
    expect(stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
    expect(exitCode).toBe(0);
  });

  it('lists its commands with --help, and says how options come from the environment', async () => {
    const { exitCode, stdout } = await otakit(['--help']);
    expect(exitCode).toBe(0);
    expect(stdout).toContain('OTAKIT_SERVE_PORT');
  });

  it('answers an unknown command with a code, a hint and exit 2', async () => {
    const { exitCode, stderr } = await otakit(['frobnicate']);
    expect(exitCode).toBe(2);
    expect(stderr).toContain('error cli/usage: ');
    expect(stderr).toContain('hint: ');
  });

  it('says that a command is missing after a noun', async () => {
    const { exitCode, stderr } = await otakit(['image']);
    expect(exitCode).toBe(2);
    expect(stderr).toContain('a command is missing');
  });

  it('answers in JSON where JSON was asked for', async () => {
    const { stderr } = await otakit(['frobnicate', '--json']);
    expect(JSON.parse(stderr)).toMatchObject({ error: { code: 'cli/usage' } });
  });
});

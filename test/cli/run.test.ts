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

  it.each([
    [
      ['rollout', 'start', '--cohort', 'c', '--canry', '5%'],
      'Did you mean --canary? See `otakit rollout start --help`.',
    ],
    [['rollout', 'strt'], 'Did you mean start? See `otakit rollout --help`.'],
    [['rollout', 'start', '--quux'], 'See `otakit rollout start --help`.'],
    [['rollout', 'start'], 'See `otakit rollout start --help`.'],
    [['imge'], 'Did you mean image? See `otakit --help`.'],
  ])('says with %j where to read on', async (args, hint) => {
    const { exitCode, stderr } = await otakit(args);
    expect(exitCode).toBe(2);
    expect(stderr).toMatch(/^error cli\/usage: [^\n]+\nhint: /);
    expect(stderr).toContain(`hint: ${hint}\n`);
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

import { describe, expect, it } from 'vitest';
import { CliError } from '../../../src/cli/codes.ts';
import { otakit } from '../../support/cli.ts';

describe('otakit discover', () => {
  it.each(['soon', '3', '0s', '-1s'])('refuses --timeout %s', async (timeout) => {
    const { exitCode, stderr } = await otakit(['discover', `--timeout=${timeout}`]);
    expect(exitCode).toBe(2);
    expect(stderr).toContain('cli/usage');
    expect(stderr).toContain('500ms, 3s or 1m');
  });

  it('explains in --help what can be found and the JSON shape', async () => {
    const { exitCode, stdout } = await otakit(['discover', '--help']);
    expect(exitCode).toBe(0);
    for (const word of [
      'ESPHome',
      'Tasmota',
      'micro-RDK',
      '"servers"',
      'needsToken',
      'Examples:',
    ]) {
      expect(stdout).toContain(word);
    }
  });

  it('ends with 130 on Ctrl-C, with nothing on stdout', async () => {
    const signal = AbortSignal.abort(new CliError('cli/interrupted', 'interrupted'));
    const { exitCode, stdout } = await otakit(['discover', '--timeout', '1m'], { signal });
    expect({ exitCode, stdout }).toEqual({ exitCode: 130, stdout: '' });
  });
});

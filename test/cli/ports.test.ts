import { describe, expect, it } from 'vitest';
import { otakit } from '../support/cli.ts';
import { freePort } from '../transport/echo-server.ts';

describe('otakit ports', () => {
  it('answers in JSON on any machine', async () => {
    const { exitCode, stdout } = await otakit(['ports', '--json']);
    expect(exitCode).toBe(0);
    expect(Array.isArray(JSON.parse(stdout))).toBe(true);
  });

  it('--watch ends with Ctrl-C', async () => {
    const { exitCode } = await otakit(['ports', '--watch'], { signal: AbortSignal.abort() });
    expect(exitCode).not.toBe(0);
  });
});

describe('otakit serial-server', () => {
  it('says at once that the port cannot be opened', async () => {
    const { exitCode, stderr } = await otakit(['serial-server', '/dev/ttyUSB987']);
    expect(exitCode).toBe(4);
    expect(stderr).toContain('transport/port-missing');
  });

  it('refuses an address that is none', async () => {
    const { exitCode, stderr } = await otakit(['serial-server', 'x', '--listen', 'here']);
    expect(exitCode).toBe(2);
    expect(stderr).toContain('host:port');
  });

  it('says that a network port does not answer', async () => {
    const { exitCode } = await otakit(['serial-server', `tcp://127.0.0.1:${await freePort()}`]);
    expect(exitCode).toBe(5);
  });
});

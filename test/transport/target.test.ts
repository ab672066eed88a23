import { describe, expect, it } from 'vitest';
import { openLink, withSchemes } from '../../src/transport/index.ts';
import { parseTarget } from '../../src/transport/target.ts';

describe('a port string', () => {
  it.each([
    ['/dev/ttyUSB0', { kind: 'serial', path: '/dev/ttyUSB0' }],
    ['COM3', { kind: 'serial', path: 'COM3' }],
    ['tcp://localhost:5555', { kind: 'tcp', host: 'localhost', port: 5555 }],
    ['socket://10.0.0.4:1', { kind: 'tcp', host: '10.0.0.4', port: 1 }],
    ['tcp://[::1]:5555', { kind: 'tcp', host: '::1', port: 5555 }],
    ['rfc2217://bench', { kind: 'rfc2217', host: 'bench', port: 4000 }],
    ['rfc2217://bench:4001?ign_set_control', { kind: 'rfc2217', host: 'bench', port: 4001 }],
    ['sim://esp32c3', { kind: 'other', scheme: 'sim' }],
  ])('%s', (text, expected) => {
    expect(parseTarget(text)).toEqual(expected);
  });

  it.each(['', ' ', 'tcp://host', 'tcp://host:0', 'tcp://host:70000', 'tcp://', 'rfc2217://a b'])(
    'refuses "%s" and lists the forms',
    (text) => {
      expect(() => parseTarget(text)).toThrow(
        expect.objectContaining({
          code: 'transport/bad-target',
          hint: expect.stringContaining('rfc2217://') as string,
        }) as Error,
      );
    },
  );

  it('with an unknown scheme is refused, with a known one handed on', async () => {
    await expect(openLink('ftp://x', { baudRate: 1 })).rejects.toMatchObject({
      code: 'transport/bad-target',
    });
    await expect(openLink('constructor://x', { baudRate: 1 })).rejects.toMatchObject({
      code: 'transport/bad-target',
    });
    const open = withSchemes({ sim: (target) => Promise.reject(new Error(`handed ${target}`)) });
    await expect(open('sim://esp32', { baudRate: 1 })).rejects.toThrow('handed sim://esp32');
  });
});

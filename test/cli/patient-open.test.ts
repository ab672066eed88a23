import { describe, expect, it } from 'vitest';
import { openPort } from '../../src/cli/links.ts';
import { patientOpen } from '../../src/cli/patient-open.ts';
import { type OpenLink, TransportError } from '../../src/transport/index.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { openEchoServer } from '../transport/echo-server.ts';

const OPTIONS = { baudRate: 115_200 };
/** A port that is never listened on. */
const NOBODY = 1;

/** How often a port is tried, and what came of it. */
async function tries(target: string, open: OpenLink = openPort) {
  let attempts = 0;
  const counting: OpenLink = (...args) => {
    attempts += 1;
    return open(...args);
  };
  const opening = patientOpen(counting, new ManualClock(() => true))(target, OPTIONS);
  const ended = await opening.then(
    (link) => link[Symbol.asyncDispose]().then(() => 'opened'),
    (error: unknown) => (error as { code: string }).code,
  );
  return { attempts, ended };
}

describe('a port of a program that is still starting', () => {
  it.each(['tcp', 'rfc2217'])(
    'is tried again for 5 s where nothing listens: %s',
    async (scheme) => {
      const target = `${scheme}://127.0.0.1:${NOBODY}`;
      expect(await tries(target)).toEqual({ attempts: 51, ended: 'transport/unreachable' });
    },
  );

  it('is opened as soon as it listens', async () => {
    const nobody = `tcp://localhost:${NOBODY}`;
    await using server = await openEchoServer();
    let asked = 0;
    const open: OpenLink = (_, options) => {
      asked += 1;
      return openPort(asked < 4 ? nobody : `tcp://127.0.0.1:${server.port}`, options);
    };
    expect(await tries(nobody, open)).toEqual({ attempts: 4, ended: 'opened' });
  });

  it('is not waited for where it is something else that is wrong', async () => {
    const once = (ended: string) => ({ attempts: 1, ended });
    expect(await tries('/dev/otakit-nothing')).toEqual(once('transport/port-missing'));
    const elsewhere: OpenLink = () =>
      Promise.reject(
        new TransportError('transport/unreachable', 'bench:5555 does not answer', {
          details: { host: 'bench', port: 5555 },
          cause: Object.assign(new Error('refused'), { code: 'ECONNREFUSED' }),
        }),
      );
    expect(await tries('tcp://bench:5555', elsewhere)).toEqual(once('transport/unreachable'));
    expect(await tries('tcp://127.0.0.1')).toEqual(once('transport/bad-target'));
  });

  it('is no longer waited for after Ctrl-C', async () => {
    const stop = new AbortController();
    const clock = new ManualClock();
    const opening = patientOpen(openPort, clock)(`tcp://127.0.0.1:${NOBODY}`, {
      ...OPTIONS,
      signal: stop.signal,
    });
    stop.abort(new Error('stopped'));
    await expect(opening).rejects.toThrow('stopped');
  });
});

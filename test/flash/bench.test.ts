import { expect, it } from 'vitest';
import { FlashError, isNoBoardYet, waitForUnplug } from '../../src/flash/index.ts';
import { Incoming, type Link, type OpenLink, TransportError } from '../../src/transport/index.ts';
import { ManualClock } from '../support/manual-clock.ts';

const SERIAL = '/dev/ttyACM0';
const GONE_MS = 1500;

const lost = () => new TransportError('transport/port-lost', 'it went away');
const missing = () => new TransportError('transport/port-missing', 'there is no such port');
const busy = () => new TransportError('transport/port-busy', 'somebody has it');

/** A link that says nothing until it is lost. */
function quietLink() {
  const incoming = new Incoming();
  const link: Link = {
    target: SERIAL,
    usb: null,
    hasSignals: false,
    hasBaudRate: false,
    write: async () => {},
    read: (signal) => incoming.read(signal),
    setBaudRate: async () => {},
    setSignals: async () => {},
    discardInput: () => {},
    [Symbol.asyncDispose]: async () => incoming.end(),
  };
  return { link, lose: () => incoming.end(lost()) };
}

/** Waits at a port that answers each opening in turn. */
function wait(target: string, link: Link | null, answers: readonly (Link | Error)[]) {
  const clock = new ManualClock();
  const left = [...answers];
  const open: OpenLink = async () => {
    const answer = left.shift();
    if (answer === undefined) throw new Error('opened too often');
    if (answer instanceof Error) throw answer;
    return answer;
  };
  const interrupt = new AbortController();
  const port = { open, target, clock, signal: interrupt.signal };
  return { clock, left, interrupt, done: waitForUnplug(port, link) };
}

it('takes a board that comes back at once for the same board', async () => {
  const first = quietLink();
  const again = quietLink();
  const { clock, left, done } = wait(SERIAL, first.link, [again.link, busy(), missing()]);
  first.lose();
  await clock.sleeperFor(GONE_MS);
  await clock.advance(GONE_MS);
  // The application has started its own USB device, and goes away for good.
  again.lose();
  await clock.sleeperFor(GONE_MS);
  await clock.advance(GONE_MS);
  // The system is still setting something up.
  await clock.sleeperFor(GONE_MS);
  await clock.advance(GONE_MS);
  await done;
  expect(left).toEqual([]);
});

it('takes a closed connection for an unplugged board', async () => {
  const { link, lose } = quietLink();
  const { done } = wait('tcp://127.0.0.1:1', link, []);
  lose();
  await expect(done).resolves.toBeUndefined();
});

it('needs no link to see that nothing is there', async () => {
  await expect(wait(SERIAL, null, [missing()]).done).resolves.toBeUndefined();
});

it('ends when it is interrupted, with the port free', async () => {
  const { link } = quietLink();
  const { interrupt, done } = wait(SERIAL, link, []);
  interrupt.abort(new Error('Ctrl-C'));
  await expect(done).rejects.toThrow('Ctrl-C');
  expect(await link.read()).toBeNull();
});

it('tells an empty socket from a bad board', () => {
  const silent = new FlashError('flash/no-answer', 'nothing answers');
  expect(isNoBoardYet(SERIAL, missing())).toBe(true);
  expect(isNoBoardYet(SERIAL, silent)).toBe(false);
  expect(isNoBoardYet(SERIAL, lost())).toBe(false);
  expect(isNoBoardYet('rfc2217://bench', silent)).toBe(true);
  expect(isNoBoardYet('tcp://bench:1', lost())).toBe(true);
  expect(isNoBoardYet('tcp://bench:1', new Error('a bug'))).toBe(false);
});

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import * as fc from '../../support/property.ts';
import { describe, expect, it, onTestFinished } from 'vitest';
import { openFleetFolder } from '../../../src/fleet/index.ts';
import { systemClock } from '../../../src/shared/index.ts';
import { temporaryFolder } from '../../support/temp-folder.ts';

const PROGRAM = join(import.meta.dirname, 'crash.program.ts');
const KILLS = 20;

/** Lets a process write, kills it after some acknowledgements and a moment; the last acknowledged number. */
async function writeAndKill(
  folder: string,
  from: number,
  { acknowledgements, spins }: { acknowledgements: number; spins: number },
): Promise<number> {
  const child = spawn(process.execPath, [PROGRAM, folder, String(from)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  let said = '';
  let left = acknowledgements;
  for await (const chunk of child.stdout as AsyncIterable<Buffer>) {
    said += chunk.toString();
    left -= 1;
    if (left > 0 || child.killed) continue;
    // Not at the moment of an acknowledgement, but anywhere in the transactions after it.
    for (let spin = 0; spin < spins; spin += 1) await new Promise((done) => setImmediate(done));
    child.kill('SIGKILL');
  }
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  expect(child.signalCode).toBe('SIGKILL');
  // What comes after the last line end is a number that was not written to its end.
  return Number(said.slice(0, said.lastIndexOf('\n')).split('\n').at(-1));
}

describe('a process that is killed while it writes', () => {
  it(`has stored what it acknowledged, and nothing by halves: ${KILLS} times`, async () => {
    const folder = await temporaryFolder();
    const moments = fc.sample(
      fc.record({
        acknowledgements: fc.integer({ min: 1, max: 12 }),
        spins: fc.integer({ min: 0, max: 400 }),
      }),
      { numRuns: KILLS, seed: 6 },
    );
    let next = 1;
    for (const moment of moments) {
      const acknowledged = await writeAndKill(folder, next, moment);
      expect(acknowledged).toBeGreaterThanOrEqual(next);
      await using home = await openFleetFolder(folder, { clock: systemClock });
      const { read } = home.store;
      const last = Number(await read.settings.get('last'));
      // One more than acknowledged may be stored: it was killed before it could say so.
      expect(last).toBeGreaterThanOrEqual(acknowledged);
      const one = { page: 0, perPage: 1 };
      const counts = [
        (await read.devices.list({}, one)).total,
        (await read.cohorts.list({}, one)).total,
        (await read.audit.list({}, one)).total,
        await read.events.lastId(),
      ];
      expect(counts).toEqual([last, last, last, last]);
      for (let number = next; number <= last; number += 1) {
        expect((await read.devices.get(`d${number}`))?.cohortId).toBe(`c${number}`);
      }
      next = last + 1;
    }
  });
});

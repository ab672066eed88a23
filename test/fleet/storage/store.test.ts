import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, it, onTestFinished } from 'vitest';
import { openStore } from '../../../src/fleet/index.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import { temporaryFolder } from '../../support/temp-folder.ts';
import { describeStore } from './contract.ts';

describeStore('a store in memory', async (clock) => {
  const store = await openStore({ file: ':memory:', clock });
  onTestFinished(() => store[Symbol.asyncDispose]());
  return store;
});

describeStore('a store in a file', async (clock) => {
  const store = await openStore({ file: join(await temporaryFolder(), 'fleet.db'), clock });
  onTestFinished(() => store[Symbol.asyncDispose]());
  return store;
});

describe('a database that a newer otakit wrote', () => {
  it('is refused and left alone', async () => {
    const file = join(await temporaryFolder(), 'fleet.db');
    const clock = new ManualClock();
    await (await openStore({ file, clock }))[Symbol.asyncDispose]();
    const database = new DatabaseSync(file);
    database.exec(`insert into migrations values ('9999-later', 0)`);
    database.close();
    await expect(openStore({ file, clock })).rejects.toMatchObject({
      code: 'fleet/data-newer',
      details: { unknown: ['9999-later'] },
    });
  });
});

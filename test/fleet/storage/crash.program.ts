/**
 * Writes one transaction after the other into the data folder of the first argument, from the number of
 * the second on, and prints each number once its transaction is stored. It never ends by itself.
 */
import { writeSync } from 'node:fs';
import { openFleetFolder } from '../../../src/fleet/index.ts';
import { systemClock } from '../../../src/shared/index.ts';
import { aCohort, aDevice } from './entities.ts';

const [folder = '', from = '1'] = process.argv.slice(2);
const { store } = await openFleetFolder(folder, { clock: systemClock });
for (let number = Number(from); ; number += 1) {
  await store.transaction(async (r) => {
    // Three tables, an event and an audit entry: all of them or none.
    await r.cohorts.insert(aCohort({ cohortId: `c${number}` }));
    await r.devices.insert(aDevice({ deviceId: `d${number}`, cohortId: `c${number}` }));
    await r.settings.set('last', String(number));
    await r.events.append([
      { atMs: number, type: 'device.created', deviceId: `d${number}`, rolloutId: null, data: {} },
    ]);
    const subject = `device/d${number}`;
    await r.audit.append({ atMs: number, actor: 'system', action: 'a', subject, details: {} });
  });
  // Written at once: what stands in a buffer at the kill would be an acknowledgement nobody got.
  writeSync(1, `${number}\n`);
}

import * as fc from '../../support/property.ts';
import { describe, expect, it } from 'vitest';
import { ManualClock } from '../../support/manual-clock.ts';
import type { OpenStore } from './contract.ts';
import { aDevice } from './entities.ts';

/** Lists in pages, sorted. */
export function describePaging(open: OpenStore): void {
  it('pages put together are the whole list, in order, whatever is asked for', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9._:-]{0,5}$/), { maxLength: 20 }),
        fc.array(fc.record({ name: fc.string({ maxLength: 3 }), seen: fc.option(fc.nat(9)) })),
        fc.integer({ min: 1, max: 7 }),
        fc.constantFrom('deviceId', '-deviceId', 'name', '-name', 'lastSeenAtMs', '-lastSeenAtMs'),
        async (ids, values, perPage, sort) => {
          await using store = await open(new ManualClock());
          const devices = ids.map((deviceId, index) =>
            aDevice({
              deviceId,
              name: values[index]?.name ?? '',
              lastSeenAtMs: values[index]?.seen ?? null,
            }),
          );
          await store.transaction(async (r) => {
            for (const device of devices) await r.devices.insert(device);
          });
          const descending = sort.startsWith('-') ? -1 : 1;
          const field = sort.replace('-', '') as 'deviceId' | 'name' | 'lastSeenAtMs';
          const expected = devices.toSorted((a, b) => {
            const [left, right] = [a[field], b[field]];
            if (left !== right) {
              if (left === null) return 1;
              if (right === null) return -1;
              return descending * compare(left, right);
            }
            return descending * compare(a.deviceId, b.deviceId);
          });
          const got: string[] = [];
          for (let page = 0; page * perPage <= devices.length; page += 1) {
            const part = await store.read.devices.list({}, { page, perPage, sort });
            expect(part).toMatchObject({ page, perPage, total: devices.length });
            expect(part.list.length).toBeLessThanOrEqual(perPage);
            got.push(...part.list.map(({ deviceId }) => deviceId));
          }
          expect(got).toEqual(expected.map(({ deviceId }) => deviceId));
        },
      ),
      { numRuns: 15 },
    );
  });

  it('versions are never sorted as text, which would put 1.10.0 before 1.2.0', async () => {
    const store = await open(new ManualClock());
    const list = store.read.artifacts.list({}, { page: 0, perPage: 10, sort: '-version' });
    await expect(list).rejects.toMatchObject({ code: 'fleet/invalid' });
  });

  describe('what cannot be a page', () => {
    it.each([
      { page: -1, perPage: 10 },
      { page: 0.5, perPage: 10 },
      { page: 0, perPage: 0 },
      { page: 0, perPage: 1001 },
      { page: Number.NaN, perPage: 10 },
      { page: Number.MAX_SAFE_INTEGER, perPage: 1000 },
      { page: 0, perPage: 10, sort: 'body' },
      { page: 0, perPage: 10, sort: 'name; drop table devices' },
      { page: 0, perPage: 10, sort: 'constructor' },
    ])('%o', async (request) => {
      const store = await open(new ManualClock());
      const refused = { code: 'fleet/invalid' };
      await expect(store.read.devices.list({}, request)).rejects.toMatchObject(refused);
      await expect(store.read.audit.list({}, request)).rejects.toMatchObject(refused);
      await expect(store.read.rolloutDevices.list('r', {}, request)).rejects.toMatchObject(refused);
    });
  });
}

/** In the order of code units, as the database compares bytes. */
function compare(a: string | number, b: string | number): number {
  if (typeof a === 'string') return Buffer.compare(Buffer.from(a), Buffer.from(String(b)));
  return a - Number(b);
}

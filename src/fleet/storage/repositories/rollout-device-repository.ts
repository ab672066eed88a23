import type { CompiledQuery, Kysely } from 'kysely';
import type { Page, PageRequest } from '../../page.ts';
import type { RolloutDeviceRepository } from '../../repositories.ts';
import type { RolloutDevice, RolloutDeviceState } from '../../rollouts/rollout.ts';
import { listPage, orderOf } from '../list-page.ts';
import type { Tables } from '../tables.ts';

const SORTS = new Map<string, keyof Tables['rollout_devices']>([
  ['deviceId', 'device_id'],
  ['state', 'state'],
  ['direction', 'direction'],
  ['attempts', 'attempts'],
  ['sinceMs', 'since_ms'],
]);

/** The queries of a device's poll, compiled once. */
export class RolloutDeviceTable {
  readonly getQuery: CompiledQuery;
  readonly putQuery: CompiledQuery;

  constructor(db: Kysely<Tables>) {
    this.getQuery = db
      .selectFrom('rollout_devices')
      .selectAll()
      .where('rollout_id', '=', '')
      .where('device_id', '=', '')
      .compile();
    this.putQuery = db
      .insertInto('rollout_devices')
      .values({
        rollout_id: '',
        device_id: '',
        state: '',
        direction: '',
        attempts: 0,
        since_ms: 0,
        due_at_ms: null,
        body: '',
      })
      .onConflict((conflict) =>
        conflict.columns(['rollout_id', 'device_id']).doUpdateSet((eb) => ({
          state: eb.ref('excluded.state'),
          direction: eb.ref('excluded.direction'),
          attempts: eb.ref('excluded.attempts'),
          since_ms: eb.ref('excluded.since_ms'),
          due_at_ms: eb.ref('excluded.due_at_ms'),
          body: eb.ref('excluded.body'),
        })),
      )
      .compile();
  }
}

export class StoredRolloutDevices implements RolloutDeviceRepository {
  readonly #db: Kysely<Tables>;
  readonly #table: RolloutDeviceTable;

  constructor(db: Kysely<Tables>, table: RolloutDeviceTable) {
    this.#db = db;
    this.#table = table;
  }

  async get(rolloutId: string, deviceId: string): Promise<RolloutDevice | null> {
    const { rows } = await this.#db.executeQuery<Tables['rollout_devices']>({
      ...this.#table.getQuery,
      parameters: [rolloutId, deviceId],
    });
    return rows[0] === undefined ? null : fromRow(rows[0]);
  }

  async put(device: RolloutDevice): Promise<void> {
    const { rolloutId, deviceId, state, direction, attempts, sinceMs, dueAtMs, ...body } = device;
    await this.#db.executeQuery({
      ...this.#table.putQuery,
      parameters: [
        rolloutId,
        deviceId,
        state,
        direction,
        attempts,
        sinceMs,
        dueAtMs,
        JSON.stringify(body),
      ],
    });
  }

  async list(
    rolloutId: string,
    { states, direction: way }: Parameters<RolloutDeviceRepository['list']>[1],
    request: PageRequest,
  ): Promise<Page<RolloutDevice>> {
    const all = this.#db.selectFrom('rollout_devices').where('rollout_id', '=', rolloutId);
    const matching = all
      .$if(states !== undefined, (query) => query.where('state', 'in', [...(states ?? [])]))
      .$if(way !== undefined, (query) => query.where('direction', '=', way ?? ''));
    return await listPage(
      {
        rows: matching.selectAll(),
        counted: matching.select(({ fn }) => fn.countAll<number>().as('total')),
      },
      orderOf(request.sort, SORTS),
      request,
      fromRow,
    );
  }

  async idsOf(rolloutId: string): Promise<readonly string[]> {
    const rows = await this.#db
      .selectFrom('rollout_devices')
      .select('device_id')
      .where('rollout_id', '=', rolloutId)
      .execute();
    return rows.map((row) => row.device_id);
  }

  async due(rolloutId: string, nowMs: number, limit: number): Promise<readonly RolloutDevice[]> {
    const rows = await this.#db
      .selectFrom('rollout_devices')
      .selectAll()
      .where('rollout_id', '=', rolloutId)
      .where('due_at_ms', '<=', nowMs)
      .orderBy('due_at_ms')
      .orderBy('device_id')
      .limit(limit)
      .execute();
    return rows.map(fromRow);
  }

  async historyOf(deviceId: string, limit: number): Promise<readonly RolloutDevice[]> {
    const rows = await this.#db
      .selectFrom('rollout_devices')
      .selectAll()
      .where('device_id', '=', deviceId)
      .orderBy('since_ms', 'desc')
      .orderBy('rollout_id')
      .limit(limit)
      .execute();
    return rows.map(fromRow);
  }

  async count(rolloutId: string): Promise<Readonly<Partial<Record<RolloutDeviceState, number>>>> {
    const rows = await this.#db
      .selectFrom('rollout_devices')
      .select((eb) => ['state', eb.fn.countAll<number>().as('devices')])
      .where('rollout_id', '=', rolloutId)
      .groupBy('state')
      .execute();
    return Object.fromEntries(rows.map(({ state, devices }) => [state, devices]));
  }
}

function fromRow(row: Tables['rollout_devices']): RolloutDevice {
  const body = JSON.parse(row.body) as Pick<RolloutDevice, 'reason' | 'cameFrom'>;
  return {
    ...body,
    rolloutId: row.rollout_id,
    deviceId: row.device_id,
    state: row.state as RolloutDeviceState,
    direction: row.direction as RolloutDevice['direction'],
    attempts: row.attempts,
    sinceMs: row.since_ms,
    dueAtMs: row.due_at_ms,
  };
}

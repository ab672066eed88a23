import type { CompiledQuery, Kysely } from 'kysely';
import type { Command } from '../../commands/command.ts';
import type { Page, PageRequest } from '../../page.ts';
import type { CommandFilter, CommandRepository } from '../../repositories.ts';
import { type Conditions, EntityRepository } from '../entity-repository.ts';
import { EntityTable } from '../entity-table.ts';
import { COMMANDS, type StoredCommand } from '../layouts.ts';
import { takeNumbers, type TakeQuery, takeQuery } from '../sequences.ts';
import type { Tables } from '../tables.ts';

export class CommandTable extends EntityTable<StoredCommand> {
  readonly deliverableQuery: CompiledQuery;
  readonly take: TakeQuery;

  constructor(db: Kysely<Tables>) {
    super(db, COMMANDS);
    this.take = takeQuery(db);
    this.deliverableQuery = db
      .selectFrom('commands')
      .selectAll()
      .where('device_id', '=', '')
      .where('state', 'in', ['queued', 'delivered'])
      .where((eb) => eb.or([eb('state', '=', 'queued'), eb('redeliver_at_ms', '<=', 0)]))
      .where((eb) => eb.or([eb('expires_at_ms', 'is', null), eb('expires_at_ms', '>', 0)]))
      .orderBy('ordinal')
      .compile();
  }
}

const conditions: Conditions<CommandFilter> = ({ deviceId, states, name }, eb) => [
  ...(deviceId === undefined ? [] : [eb('device_id', '=', deviceId)]),
  ...(states === undefined ? [] : [eb('state', 'in', [...states])]),
  ...(name === undefined ? [] : [eb('name', '=', name)]),
];

/** Commands, in the order in which they were made, also within one millisecond. */
export class StoredCommands implements CommandRepository {
  readonly #db: Kysely<Tables>;
  readonly #table: CommandTable;
  readonly #stored: EntityRepository<StoredCommand, CommandFilter>;

  constructor(db: Kysely<Tables>, table: CommandTable) {
    this.#db = db;
    this.#table = table;
    this.#stored = new EntityRepository(db, table, conditions);
  }

  async get(commandId: string): Promise<Command | null> {
    const stored = await this.#stored.get(commandId);
    return stored === null ? null : shown(stored);
  }

  async list(filter: CommandFilter, request: PageRequest): Promise<Page<Command>> {
    const page = await this.#stored.list(filter, request);
    return { ...page, list: page.list.map(shown) };
  }

  async insert(command: Command): Promise<void> {
    const ordinal = await takeNumbers(this.#db, this.#table.take, 'commands', 1);
    await this.#stored.insert({ ...command, ordinal });
  }

  async update(command: Command): Promise<void> {
    const stored = await this.#stored.get(command.commandId);
    await this.#stored.update({ ...command, ordinal: stored?.ordinal ?? 0 });
  }

  delete(commandId: string): Promise<boolean> {
    return this.#stored.delete(commandId);
  }

  async deliverable(deviceId: string, nowMs: number): Promise<readonly Command[]> {
    const { sql, query, queryId } = this.#table.deliverableQuery;
    const parameters = [deviceId, 'queued', 'delivered', 'queued', nowMs, nowMs];
    const { rows } = await this.#db.executeQuery<Record<string, unknown>>({
      sql,
      query,
      queryId,
      parameters,
    });
    return rows.map((row) => shown(this.#table.fromRow(row)));
  }

  async expired(nowMs: number, limit: number): Promise<readonly Command[]> {
    const rows = await this.#db
      .selectFrom('commands')
      .selectAll()
      .where('state', 'in', ['queued', 'delivered'])
      .where('expires_at_ms', '<=', nowMs)
      .orderBy('expires_at_ms')
      .limit(limit)
      .execute();
    return rows.map((row) => shown(this.#table.fromRow({ ...row })));
  }
}

function shown({ ordinal: _ordinal, ...command }: StoredCommand): Command {
  return command;
}

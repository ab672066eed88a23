import type { CompiledQuery, Expression, ExpressionBuilder, Kysely, SqlBool } from 'kysely';
import { FleetError } from '../codes.ts';
import type { Page, PageRequest } from '../page.ts';
import type { Repository } from '../repositories.ts';
import type { EntityTable, LooseTables } from './entity-table.ts';
import { listPage, type OrderBy } from './list-page.ts';
import { parseSort, unsortable } from './paging.ts';
import { constraintOf } from './sqlite.ts';
import type { Tables } from './tables.ts';

/** Builds the conditions of a filter; only those of fields that are given. */
export type Conditions<Filter> = (
  filter: Filter,
  eb: ExpressionBuilder<LooseTables, string>,
  db: Kysely<Tables>,
) => readonly Expression<SqlBool>[];

/** What all kinds of entities have in common, over one table. */
export class EntityRepository<Entity extends object, Filter> implements Repository<Entity, Filter> {
  protected readonly db: Kysely<Tables>;
  protected readonly table: EntityTable<Entity>;
  readonly #conditions: Conditions<Filter>;

  constructor(db: Kysely<Tables>, table: EntityTable<Entity>, conditions: Conditions<Filter>) {
    this.db = db;
    this.table = table;
    this.#conditions = conditions;
  }

  async get(id: string): Promise<Entity | null> {
    const { rows } = await this.run<Record<string, unknown>>(this.table.getQuery, [id]);
    return rows[0] === undefined ? null : this.table.fromRow(rows[0]);
  }

  async list(filter: Filter, request: PageRequest): Promise<Page<Entity>> {
    const { layout, source, idColumn } = this.table;
    const matchingIn = (table: keyof Tables) =>
      (this.db as unknown as Kysely<LooseTables>)
        .selectFrom(table)
        .where((eb) => eb.and([...this.#conditions(filter, eb, this.db)]));
    const descending = request.sort?.startsWith('-') === true;
    const order = [...this.#order(request.sort), { column: idColumn, descending }];
    return await listPage(
      {
        rows: matchingIn(source).selectAll(),
        counted: matchingIn(layout.table).select(({ fn }) => fn.countAll<number>().as('total')),
      },
      order,
      request,
      (row) => this.table.fromRow(row),
    );
  }

  async insert(entity: Entity): Promise<void> {
    const id = entity[this.table.layout.id] as string;
    await this.guard(id, () => this.run(this.table.insertQuery, this.table.values(entity)));
  }

  async update(entity: Entity): Promise<void> {
    const { layout, updateQuery } = this.table;
    const id = entity[layout.id] as string;
    const parameters = [...this.table.values(entity), id];
    if (layout.revised) parameters.push((entity as { revision: number }).revision - 1);
    const { numAffectedRows } = await this.guard(id, () => this.run(updateQuery, parameters));
    if (numAffectedRows === 1n) return;
    const stored = (await this.get(id)) as { revision?: number } | null;
    if (stored === null) throw this.notFound(id);
    throw new FleetError(
      'fleet/changed-meanwhile',
      `The ${layout.noun} ${id} was changed meanwhile: it is at revision ${stored.revision}.`,
      {
        hint: 'Read it again, and change what is there now.',
        details: { noun: layout.noun, id, revision: stored.revision },
      },
    );
  }

  async delete(id: string): Promise<boolean> {
    const { numAffectedRows } = await this.guard(
      id,
      () => this.run(this.table.deleteQuery, [id]),
      true,
    );
    return numAffectedRows === 1n;
  }

  /** Runs a compiled query with other parameters than it was compiled with. */
  protected run<Row>(query: CompiledQuery, parameters: readonly unknown[]) {
    return this.db.executeQuery<Row>({ ...query, parameters });
  }

  protected notFound(id: string): FleetError {
    const { noun } = this.table.layout;
    return new FleetError('fleet/not-found', `There is no ${noun} ${id}.`, {
      hint: `Look at \`otakit ${noun} list\`.`,
      details: { noun, id },
    });
  }

  /** Says what a violated constraint means. */
  protected async guard<Result>(
    id: string,
    work: () => Promise<Result>,
    deleting = false,
  ): Promise<Result> {
    try {
      return await work();
    } catch (error) {
      const { noun } = this.table.layout;
      const context = { details: { noun, id }, cause: error };
      switch (constraintOf(error)) {
        case 'unique':
          throw new FleetError('fleet/exists', `There is a ${noun} like ${id} already.`, {
            hint: 'Take another id, or go on with the one that is there.',
            ...context,
          });
        case 'foreign-key':
          throw deleting
            ? new FleetError(
                'fleet/in-use',
                `The ${noun} ${id} is still referred to by something else.`,
                { hint: 'Remove or change what refers to it first.', ...context },
              )
            : new FleetError(
                'fleet/invalid',
                `The ${noun} ${id} refers to something that is not there.`,
                { hint: 'Create that first, or name what there is.', ...context },
              );
        case null:
          throw error;
      }
    }
  }

  #order(sort: string | undefined): readonly OrderBy[] {
    if (sort === undefined || sort === '' || sort === '-') {
      const descending = sort === '-';
      return this.table.layout.order.map((column) => ({ column, descending }));
    }
    const { field, descending } = parseSort(sort);
    const found = this.table.sortColumn(field);
    if (found === null) throw unsortable(field, this.table.sortFields);
    return [{ ...found, descending }];
  }
}

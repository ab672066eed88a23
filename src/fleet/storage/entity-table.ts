import type { CompiledQuery, Kysely } from 'kysely';
import type { Tables } from './tables.ts';

/** Kysely without knowing the columns, for code that is the same for every table. */
export type LooseTables = Record<string, Record<string, unknown>>;

/** How the entities of one kind are laid out in a table. */
export interface EntityLayout<Entity> {
  readonly table: keyof Tables;
  /** What messages call it. */
  readonly noun: string;
  readonly id: keyof Entity & string;
  /** The fields with columns of their own, beside the id; all others are kept as JSON. */
  readonly columns: readonly (keyof Entity & string)[];
  /** What is read instead of the table, where it has fields beside the columns that another table keeps. */
  readonly view?: {
    readonly name: keyof Tables;
    readonly fields: readonly (keyof Entity & string)[];
  };
  /** Those of the columns that hold 0 or 1. */
  readonly booleans?: readonly (keyof Entity & string)[];
  /** Columns that are made from the entity rather than being a field of it. */
  readonly derived?: Readonly<Record<string, (entity: Entity) => unknown>>;
  /** Whether updates are checked against `revision`. */
  readonly revised: boolean;
  /** Columns that make the default order, before the id. */
  readonly order: readonly string[];
  /** Columns that may be null and therefore sort last. */
  readonly nullable?: readonly (keyof Entity & string)[];
  /** Columns whose order as text would not be their order, or is nobody's business. */
  readonly unsorted?: readonly (keyof Entity & string)[];
}

interface Field<Entity> {
  readonly field: keyof Entity & string;
  readonly column: string;
  readonly boolean: boolean;
}

/** A layout with its queries compiled once: building them anew would cost more than running them. */
export class EntityTable<Entity extends object> {
  readonly layout: EntityLayout<Entity>;
  readonly idColumn: string;
  /** The table, or the view, that rows are read from. */
  readonly source: keyof Tables;
  readonly getQuery: CompiledQuery;
  readonly insertQuery: CompiledQuery;
  readonly updateQuery: CompiledQuery;
  readonly deleteQuery: CompiledQuery;
  readonly #fields: readonly Field<Entity>[];
  /** With those of the view. */
  readonly #readFields: readonly Field<Entity>[];
  readonly #own: ReadonlySet<string>;
  readonly #derived: readonly ((entity: Entity) => unknown)[];

  constructor(db: Kysely<Tables>, layout: EntityLayout<Entity>) {
    this.layout = layout;
    this.idColumn = columnOf(layout.id);
    this.source = layout.view?.name ?? layout.table;
    const asField = (field: keyof Entity & string): Field<Entity> => ({
      field,
      column: columnOf(field),
      boolean: layout.booleans?.includes(field) ?? false,
    });
    this.#fields = [layout.id, ...layout.columns].map(asField);
    this.#readFields = [...this.#fields, ...(layout.view?.fields ?? []).map(asField)];
    this.#own = new Set(this.#readFields.map(({ field }) => field));
    const derived = Object.entries(layout.derived ?? {});
    this.#derived = derived.map(([, make]) => make);
    const columns = [
      ...this.#fields.map(({ column }) => column),
      ...derived.map(([column]) => column),
      'body',
    ];
    const values = Object.fromEntries(columns.map((column) => [column, null]));
    const loose = db as unknown as Kysely<LooseTables>;
    this.getQuery = loose
      .selectFrom(this.source)
      .selectAll()
      .where(this.idColumn, '=', '')
      .compile();
    this.insertQuery = loose.insertInto(layout.table).values(values).compile();
    const update = loose.updateTable(layout.table).set(values).where(this.idColumn, '=', '');
    this.updateQuery = (layout.revised ? update.where('revision', '=', 0) : update).compile();
    this.deleteQuery = loose.deleteFrom(layout.table).where(this.idColumn, '=', '').compile();
  }

  /** The parameters of the insert, and the first ones of the update. */
  values(entity: Entity): unknown[] {
    const rest: Record<string, unknown> = {};
    for (const [field, value] of Object.entries(entity)) {
      if (!this.#own.has(field)) rest[field] = value;
    }
    return [
      ...this.#fields.map(({ field, boolean }) =>
        boolean ? Number(entity[field]) : (entity[field] ?? null),
      ),
      ...this.#derived.map((make) => make(entity)),
      JSON.stringify(rest),
    ];
  }

  fromRow(row: Readonly<Record<string, unknown>>): Entity {
    const entity = JSON.parse(row['body'] as string) as Record<string, unknown>;
    for (const { field, column, boolean } of this.#readFields) {
      entity[field] = boolean ? row[column] === 1 : row[column];
    }
    return entity as Entity;
  }

  /** The column that sorts by this field, or `null` where that cannot be. */
  sortColumn(field: string): { readonly column: string; readonly nullable: boolean } | null {
    const found = this.#sortFields.find((known) => known.field === field);
    if (found === undefined) return null;
    return {
      column: found.column,
      nullable: this.layout.nullable?.includes(found.field) ?? false,
    };
  }

  get sortFields(): readonly string[] {
    return this.#sortFields.map(({ field }) => field);
  }

  get #sortFields(): readonly Field<Entity>[] {
    return this.#readFields.filter(({ field }) => this.layout.unsorted?.includes(field) !== true);
  }
}

function columnOf(field: string): string {
  return field.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

import { printable } from '../../shared/index.ts';
import { textTable } from '../text-table.ts';
import { fieldWords, valueText } from './describe.ts';

/** One column of a list: a field by name, or a text made from the whole entity. */
export interface EntityColumn<Entity> {
  /** Its heading; ends in `AtMs`, `Ms` or `Bytes` where the value is such a number. */
  readonly title: string;
  readonly value: (entity: Entity) => unknown;
  readonly align?: 'left' | 'right';
}

/** A list of things of the fleet as a table. */
export function entityTable<Entity>(
  columns: readonly EntityColumn<Entity>[],
  entities: readonly Entity[],
): string {
  return textTable(
    columns.map(({ title, ...rest }) => ({ ...rest, title: fieldWords(title) })),
    entities.map((entity) =>
      columns.map((column) => printable(valueText(column.title, column.value(entity)))),
    ),
  );
}

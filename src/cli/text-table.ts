/** How one column of a text table is set. */
export interface TextColumn {
  readonly title: string;
  readonly align?: 'left' | 'right';
}

/** Rows of cells as aligned columns under their titles, without trailing blanks. */
export function textTable(
  columns: readonly TextColumn[],
  rows: readonly (readonly string[])[],
): string {
  const lines = [columns.map((column) => column.title), ...rows];
  const widths = columns.map((_, index) =>
    Math.max(...lines.map((cells) => (cells[index] ?? '').length)),
  );
  return lines
    .map((cells) =>
      columns
        .map(({ align }, index) => {
          const cell = cells[index] ?? '';
          const width = widths[index] ?? 0;
          return align === 'right' ? cell.padStart(width) : cell.padEnd(width);
        })
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

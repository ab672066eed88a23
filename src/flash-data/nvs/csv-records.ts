/** A record of a CSV: where it begins in the text, from 1, and its fields. */
export interface CsvRecord {
  readonly line: number;
  readonly fields: readonly string[];
}

/** Python's `csv` in its default dialect, fed with the lines that are no comments. */
export function readCsvRecords(marked: string): readonly CsvRecord[] {
  const text = marked.replace(/^\ufeff/, '');
  const lines = text.replaceAll(/\r\n?/g, '\n').split('\n');
  if (lines.at(-1) === '') lines.pop();
  const last = lines.length - 1;
  const records: CsvRecord[] = [];
  let fields: string[] = [];
  let field = '';
  let start = 1;
  let state: 'start' | 'plain' | 'quoted' | 'after-quote' = 'start';
  for (const [index, line] of lines.entries()) {
    if (line.startsWith('#')) continue;
    if (state !== 'quoted') start = index + 1;
    for (const character of line) {
      if (state === 'quoted') {
        if (character === '"') state = 'after-quote';
        else field += character;
      } else if (character === ',') {
        fields.push(field);
        field = '';
        state = 'start';
      } else if (character === '"' && state !== 'plain') {
        if (state === 'after-quote') field += '"';
        state = 'quoted';
      } else {
        field += character;
        state = 'plain';
      }
    }
    if (state === 'quoted') {
      // The break belongs to the value, unless it is where the text ends without one.
      if (index < last || /[\r\n]$/.test(text)) field += '\n';
      continue;
    }
    records.push({
      line: start,
      fields: line === '' && fields.length === 0 ? [] : [...fields, field],
    });
    fields = [];
    field = '';
    state = 'start';
  }
  if (state === 'quoted') records.push({ line: start, fields: [...fields, field] });
  return records;
}

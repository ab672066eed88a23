import { NvsError } from '../codes.ts';
import { readCsvRecords } from './csv-records.ts';

/** What a column of a CSV with a row per board is. */
export type BoardColumn =
  | { readonly kind: 'mac' | 'id' }
  | {
      readonly kind: 'value';
      readonly namespace: string;
      readonly key: string;
      readonly type: 'data' | 'file';
      readonly encoding: string;
      /** Whether the first row has it for all. */
      readonly repeats: boolean;
    };

/** The columns by a header that says everything: `namespace:key:encoding`, `mac`, `id`. */
export function headerColumns(header: readonly string[]): readonly BoardColumn[] {
  return header.map((name) => {
    const own = ownColumn(name);
    if (own !== null) return own;
    const parts = name.trim().split(':');
    const [namespace = '', key = '', ...rest] = parts;
    const [type, encoding] = rest.length === 2 ? rest : ['data', rest[0]];
    const isType = type === 'data' || type === 'file';
    if (parts.length < 3 || parts.length > 4 || !namespace || !key || !encoding || !isType) {
      throw bad(
        `the column "${name}" is not known`,
        'Call it mac, id, serial, namespace:key:encoding or namespace:key:file:encoding.',
      );
    }
    return { kind: 'value', namespace, key, type, encoding, repeats: false };
  });
}

/** The columns by the configuration of `mfg_gen`; the header has the keys, and may have `mac` and `id`. */
export function mfgColumns(header: readonly string[], config: string): readonly BoardColumn[] {
  const wanted = configKeys(config);
  const columns = header.map((name): BoardColumn => {
    const index = wanted.findIndex(({ key }) => key === name.trim());
    const [found] = index < 0 ? [] : wanted.splice(index, 1);
    const column = found ?? ownColumn(name);
    if (column !== null) return column;
    throw bad(
      `the column "${name}" is not in the configuration`,
      'Add a line key,type,encoding there.',
    );
  });
  if (wanted.length > 0) {
    const names = wanted.map(({ key }) => key).join(', ');
    throw bad(`the values have no column for ${names}`, 'Name each key in the header line.');
  }
  return columns;
}

type ValueColumn = Extract<BoardColumn, { readonly kind: 'value' }>;

function configKeys(config: string): ValueColumn[] {
  const keys: ValueColumn[] = [];
  let namespace = '';
  for (const { line, fields } of readCsvRecords(config)) {
    const [key = '', type = '', encoding = '', tag = ''] = fields.map((field) => field.trim());
    if (key === '') continue;
    if (type === 'namespace') {
      namespace = key;
      continue;
    }
    const isType = type === 'data' || type === 'file';
    if (!isType || encoding === '' || namespace === '') {
      throw bad(
        `line ${line} of the configuration is no key,type,encoding below a namespace`,
        'Write for example `settings,namespace,` and then `serial,data,string`.',
      );
    }
    keys.push({ kind: 'value', namespace, key, type, encoding, repeats: tag === 'REPEAT' });
  }
  return keys;
}

function ownColumn(name: string): BoardColumn | null {
  const plain = name.trim().toLowerCase();
  if (plain === 'mac') return { kind: 'mac' };
  return plain === 'id' || plain === 'serial' ? { kind: 'id' } : null;
}

function bad(message: string, hint: string): NvsError {
  return new NvsError('nvs/csv-syntax', message, { hint });
}

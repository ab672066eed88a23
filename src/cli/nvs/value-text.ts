import {
  isSecret,
  type NvsValue,
  type NvsVariable,
  redacted,
  valueText,
} from '../../flash-data/index.ts';
import { printable } from '../../shared/index.ts';

const SHOWN_CHARACTERS = 60;

/** A value for a table: one line, cut where it is long, and not a secret unless it is asked for. */
export function shownValue(variable: NvsVariable, reveal: boolean): string {
  if (isSecret(variable) && !reveal) return redacted(variable);
  const text = printable(valueText(variable.value));
  return text.length > SHOWN_CHARACTERS ? `${text.slice(0, SHOWN_CHARACTERS)}…` : text;
}

/** A value for JSON: a number, or a string where it would not be exact; hex for a blob. */
export function jsonValue({ type, ...rest }: NvsValue): number | string {
  if (type === 'string' || type === 'blob') return valueText({ type, ...rest } as NvsValue);
  const { value } = rest as { readonly value: bigint };
  return Number.isSafeInteger(Number(value)) ? Number(value) : value.toString();
}

/** A variable for JSON; `value` is `null` where it is a secret that was not asked for. */
export function jsonVariable(variable: NvsVariable, reveal: boolean): Record<string, unknown> {
  const { namespace, namespaceIndex, key, value, items } = variable;
  const secret = isSecret(variable);
  return {
    namespace,
    namespaceIndex,
    key,
    type: value.type,
    secret,
    value: secret && !reveal ? null : jsonValue(value),
    places: items.map(({ pageIndex, entryIndex }) => ({ page: pageIndex, entry: entryIndex })),
  };
}

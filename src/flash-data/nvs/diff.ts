import type { NvsVariable } from './assemble.ts';
import type { Nvs } from './parse.ts';
import { valuesEqual } from './value.ts';

/** One value that differs between two partitions. */
export type NvsChange =
  | { readonly kind: 'added'; readonly after: NvsVariable }
  | { readonly kind: 'removed'; readonly before: NvsVariable }
  | { readonly kind: 'changed'; readonly before: NvsVariable; readonly after: NvsVariable };

/**
 * What an app would find different: values by namespace and key, wherever they lie. Removed and
 * changed ones come first, in the order of `before`.
 */
export function diffNvs(before: Nvs, after: Nvs): readonly NvsChange[] {
  const beforeByName = byName(before);
  const afterByName = byName(after);
  const changes: NvsChange[] = [];
  for (const [name, old] of beforeByName) {
    const now = afterByName.get(name);
    if (now === undefined) changes.push({ kind: 'removed', before: old });
    else if (!valuesEqual(old.value, now.value)) {
      changes.push({ kind: 'changed', before: old, after: now });
    }
  }
  for (const [name, now] of afterByName) {
    if (!beforeByName.has(name)) changes.push({ kind: 'added', after: now });
  }
  return changes;
}

function byName(nvs: Nvs): ReadonlyMap<string, NvsVariable> {
  return new Map(
    nvs.variables.map((item) => [
      `${item.namespace ?? `#${item.namespaceIndex}`}\0${item.key}`,
      item,
    ]),
  );
}

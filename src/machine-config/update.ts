import { MachineConfigError } from './codes.ts';
import { isObject, type JsonObject, type JsonValue, parseMachineConfig } from './document.ts';
import { findOtaServices } from './ota-service.ts';
import type { ConfigSnapshot, ConfigTarget } from './targets/config-target.ts';

/** What an update wrote. */
export interface ConfigUpdate<Edit> {
  readonly edit: Edit;
  /** What the edit was made on: the text that was there right before. */
  readonly before: ConfigSnapshot;
}

/** How often the whole of read, edit and write is tried: once, and once more after a conflict. */
const ATTEMPTS = 2;

/**
 * Read, edit, write, read back. The write happens only if nobody else wrote since the read; if
 * somebody did, the edit is made once more on their text, so that neither edit is lost.
 *
 * @param edit makes the new text; what it throws ends the update with nothing written
 * @throws MachineConfigError `machine-config/conflict`, `machine-config/not-kept`
 */
export async function updateConfig<Edit extends { readonly text: string }>(
  target: ConfigTarget,
  edit: (snapshot: ConfigSnapshot) => Edit | Promise<Edit>,
  signal?: AbortSignal,
): Promise<ConfigUpdate<Edit>> {
  for (let attempt = 1; ; attempt += 1) {
    const before = await target.read(signal);
    const result = await edit(before);
    try {
      await target.write(result.text, before, signal);
    } catch (thrown) {
      if (!isConflict(thrown) || attempt === ATTEMPTS) throw thrown;
      continue;
    }
    await verify(target, result.text, signal);
    return { edit: result, before };
  }
}

async function verify(target: ConfigTarget, text: string, signal?: AbortSignal): Promise<void> {
  const kept = await target.read(signal);
  const [is, wanted] = [parseMachineConfig(kept.text).value, parseMachineConfig(text).value];
  if (sameJson(is, wanted)) return;
  // Somebody may have saved something else in the meantime, which is none of our business.
  const services = (config: JsonObject) =>
    findOtaServices(config, kept.fragments).map(({ name, url = null, version = null }) => ({
      name,
      url,
      version,
    }));
  const ours = services(wanted);
  if (ours.length > 0 && sameJson(services(is), ours)) return;
  throw new MachineConfigError(
    'machine-config/not-kept',
    `${target.label} was written, but reads back differently`,
    { hint: 'Somebody may have saved it right after. Look with `otakit config show`.' },
  );
}

/** Equal as JSON: the order of keys does not count. */
export function sameJson(a: JsonValue, b: JsonValue): boolean {
  if (Array.isArray(a) && Array.isArray(b)) {
    return a.length === b.length && a.every((item: JsonValue, i) => sameJson(item, b[i] ?? null));
  }
  if (!isObject(a) || !isObject(b)) return a === b;
  const keys = Object.keys(a);
  return (
    keys.length === Object.keys(b).length &&
    keys.every((key) => Object.hasOwn(b, key) && sameJson(a[key] ?? null, b[key] ?? null))
  );
}

function isConflict(thrown: unknown): boolean {
  return thrown instanceof MachineConfigError && thrown.code === 'machine-config/conflict';
}

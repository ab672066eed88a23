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
      if (!isConflict(thrown)) throw thrown;
      // A write whose answer was lost looks the same: what changed the config is our own edit.
      if (await isThere(target, result.text, before, signal)) return { edit: result, before };
      if (attempt === ATTEMPTS) throw thrown;
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
  const ours = servicesOf(wanted, kept);
  if (ours.length > 0 && sameJson(servicesOf(is, kept), ours)) return;
  throw new MachineConfigError(
    'machine-config/not-kept',
    `${target.label} was written, but reads back differently`,
    { hint: 'Somebody may have saved it right after. Look with `otakit config show`.' },
  );
}

/**
 * Whether an edit is in the config though its write was refused. Where it leaves the OTA services as
 * they were, only the whole config tells.
 */
async function isThere(
  target: ConfigTarget,
  text: string,
  before: ConfigSnapshot,
  signal?: AbortSignal,
): Promise<boolean> {
  const now = await target.read(signal);
  const [is, wanted] = [parseMachineConfig(now.text).value, parseMachineConfig(text).value];
  if (sameJson(is, wanted)) return true;
  const ours = servicesOf(wanted, now);
  return (
    ours.length > 0 &&
    sameJson(servicesOf(is, now), ours) &&
    !sameJson(servicesOf(parseMachineConfig(before.text).value, before), ours)
  );
}

/** What counts for the device. */
function servicesOf(config: JsonObject, { fragments }: Pick<ConfigSnapshot, 'fragments'>) {
  return findOtaServices(config, fragments).map(({ name, url = null, version = null }) => ({
    name,
    url,
    version,
  }));
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

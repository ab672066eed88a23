import { readFile, rename, writeFile } from 'node:fs/promises';
import { SimulatorError } from '../codes.ts';
import type { StoredKey, StoredValues } from './stored-values.ts';

/** The namespace that micro-RDK keeps its values in. */
const NAMESPACE = 'VIAM_NS';

/**
 * The device's stored values as JSON, `{"VIAM_NS": {"OTA_VERSION": "v2"}}`: what NVS holds on a real
 * one, in a form that can be read and edited while the device is off.
 *
 * @throws SimulatorError `simulator/state-unusable`
 */
export async function openValuesFile(path: string): Promise<StoredValues> {
  const values = await readValues(path);
  return {
    get: (key) => values.get(key) ?? null,
    set: async (key, value) => {
      values.set(key, value);
      // Whole or not at all, so that a kill leaves the old tag or the new one.
      const text = JSON.stringify({ [NAMESPACE]: Object.fromEntries(values) }, null, 2);
      await writeFile(`${path}.tmp`, `${text}\n`);
      await rename(`${path}.tmp`, path);
    },
  };
}

async function readValues(path: string): Promise<Map<StoredKey, string>> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return new Map();
    throw error;
  }
  const tag = storedTag(text);
  if (tag === undefined) {
    throw new SimulatorError(
      'simulator/state-unusable',
      `${path} does not hold stored values: it should read like {"${NAMESPACE}": {"OTA_VERSION": "v2"}}`,
      { hint: 'Mend it, or delete it: a device without it has no version tag.', details: { path } },
    );
  }
  return new Map(tag === null ? [] : [['OTA_VERSION', tag]]);
}

/** `null` where there is no tag, `undefined` where the file is not what it should be. */
function storedTag(text: string): string | null | undefined {
  try {
    const parsed = JSON.parse(text) as Record<string, Record<string, unknown> | undefined> | null;
    const tag = parsed?.[NAMESPACE]?.['OTA_VERSION'] ?? null;
    return parsed !== null && (tag === null || typeof tag === 'string') ? tag : undefined;
  } catch {
    return undefined;
  }
}

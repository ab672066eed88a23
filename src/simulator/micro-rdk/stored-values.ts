/** The device's key-value store (NVS), as far as an update touches it. */
export interface StoredValues {
  get(key: StoredKey): string | null;
  set(key: StoredKey, value: string): Promise<void>;
}

/** The version tag of the last update that the device completed. */
export type StoredKey = 'OTA_VERSION';

/** A store that is gone with the process. */
export function valuesInMemory(): StoredValues {
  const values = new Map<StoredKey, string>();
  return {
    get: (key) => values.get(key) ?? null,
    set: async (key, value) => {
      values.set(key, value);
    },
  };
}

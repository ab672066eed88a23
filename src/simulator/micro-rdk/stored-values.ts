/** The device's key-value store (NVS), as far as an update touches it. */
export interface StoredValues {
  get(key: StoredKey): string | null;
  set(key: StoredKey, value: string): Promise<void>;
  getBlob(key: StoredBlobKey): Uint8Array | null;
  setBlob(key: StoredBlobKey, value: Uint8Array): Promise<void>;
  /** Forgets a value; one that is not there is as good as forgotten. */
  erase(key: StoredKey | StoredBlobKey): Promise<void>;
}

/** The version tag of the last update that the device completed. */
export type StoredKey = 'OTA_VERSION';

/** The machine config that the device has booted with, for when it boots without its cloud. */
export type StoredBlobKey = 'ROBOT_CONFIG';

/** A store that is gone with the process. */
export function valuesInMemory(): StoredValues {
  const texts = new Map<string, string>();
  const blobs = new Map<string, Uint8Array>();
  return {
    get: (key) => texts.get(key) ?? null,
    set: async (key, value) => {
      texts.set(key, value);
    },
    getBlob: (key) => blobs.get(key) ?? null,
    setBlob: async (key, value) => {
      blobs.set(key, value);
    },
    erase: async (key) => {
      texts.delete(key);
      blobs.delete(key);
    },
  };
}

/** Devices that wait for something new at this moment: long polls, event streams. */
export interface DeviceNews {
  /** Calls back when there may be something new for the device; returns how to stop. */
  on(deviceId: string, listener: () => void): () => void;
  tell(deviceIds: Iterable<string>): void;
  /** Those that wait right now; everybody else finds out at the next poll. */
  waiting(): readonly string[];
}

/** @param onError what a listener threw; one that throws must not keep the others from hearing */
export function createDeviceNews(onError: (error: unknown) => void): DeviceNews {
  const listeners = new Map<string, Set<() => void>>();
  return {
    on: (deviceId, listener) => {
      const own = () => listener();
      const those = listeners.get(deviceId) ?? new Set();
      listeners.set(deviceId, those.add(own));
      return () => {
        those.delete(own);
        if (those.size === 0 && listeners.get(deviceId) === those) listeners.delete(deviceId);
      };
    },
    tell: (deviceIds) => {
      for (const deviceId of deviceIds) {
        for (const listener of listeners.get(deviceId) ?? []) {
          try {
            listener();
          } catch (error) {
            onError(error);
          }
        }
      }
    },
    waiting: () => [...listeners.keys()],
  };
}

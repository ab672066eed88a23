/** Why the device starts again: `restart-requested` is somebody in the cloud's app. */
export type RebootReason = 'update' | 'config-changed' | 'restart-requested' | 'panic';

/** What happens to the device, for whoever watches it from outside. */
export type MicroRdkEvent =
  | {
      /** It boots for the first time since it was created. */
      readonly kind: 'booted';
      readonly slot: string;
      /** The version in the app descriptor of the image that runs; `null` where it is not UTF-8. */
      readonly version: string | null;
      /** The version tag that it has stored; `null` where it has none. */
      readonly tag: string | null;
    }
  | {
      /** It has asked for its config; `tag` is `null` where that has no OTA service. */
      readonly kind: 'polled';
      readonly tag: string | null;
      readonly storedTag: string | null;
      readonly updates: boolean;
    }
  | {
      readonly kind: 'update';
      readonly tag: string;
      readonly url: string;
      readonly slot: string;
    }
  | {
      readonly kind: 'progress';
      readonly slot: string;
      readonly doneBytes: number;
      readonly totalBytes: number;
    }
  | { readonly kind: 'written'; readonly slot: string; readonly sizeBytes: number }
  | {
      readonly kind: 'rebooted';
      readonly reason: RebootReason;
      readonly slot: string;
      readonly version: string | null;
      readonly tag: string | null;
      /** It runs another slot than the one that the update chose: the bootloader refused that one. */
      readonly fellBack: boolean;
    }
  | {
      readonly kind: 'failed';
      /** The device's own words. */
      readonly message: string;
    }
  | {
      /** It has erased its credentials, because the cloud refused them, and waits for new ones. */
      readonly kind: 'deprovisioned';
      /** What the cloud said. */
      readonly message: string;
    }
  | {
      /** No slot can be booted: the chip resets for ever, until someone comes with a cable. */
      readonly kind: 'stuck';
      readonly message: string;
    };

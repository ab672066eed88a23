/** One entry of a machine config's `services`, as far as the device looks at it. */
export interface ServiceEntry {
  readonly name: string;
  readonly model: string;
  /** `null` where the entry has none. */
  readonly attributes: Readonly<Record<string, unknown>> | null;
}

/** A machine config as the device gets it: fragments merged, in the order of the cloud. */
export interface MachineConfig {
  readonly services: readonly ServiceEntry[];
  /** Changes with every change of the config; the device configures itself only when it boots. */
  readonly revision: string;
  /** The bytes that it came as, a `RobotConfig`; made from the above where it came as something else. */
  readonly encoded?: Uint8Array;
}

/** What a cloud answers when it is asked whether the device is to restart. */
export interface RestartAnswer {
  readonly mustRestart: boolean;
  /** When to ask again. */
  readonly askAgainMs: number;
}

/** Where the device's config comes from: a file, or a (virtual) cloud. */
export interface ConfigSource {
  /** How soon the device tries again after a failure, where that is before its next poll. */
  readonly retryMs?: number;
  /**
   * The config as it is now. A rejection is what the device logs (a `CloudFailure` word for word); it
   * asks again.
   *
   * @param isFirst whether the device has booted since it asked last: it then connects anew
   */
  fetch(signal: AbortSignal, isFirst: boolean): Promise<MachineConfig>;
  /** Whether somebody wants the device restarted; a file has nobody behind it. */
  askRestart?(signal: AbortSignal): Promise<RestartAnswer>;
}

/** The only spelling that the device knows; the cloud writes short names out before it sends them. */
export const OTA_MODEL = 'rdk:builtin:ota_service';
/** The entry that the device goes by: the first one with exactly its model. */
export function selectOtaService(config: MachineConfig): ServiceEntry | null {
  return config.services.find(({ model }) => model === OTA_MODEL) ?? null;
}

/**
 * An update that the device gives up. `message` is what the device logs after
 * `failed to complete ota update: `; it tries again with its next poll.
 */
export class UpdateFailure extends Error {}

/** A service entry that the device cannot make an OTA service from. */
export class ServiceConfigFailure extends Error {}

/** The cloud cannot be reached, or answers with an error. `message` is what the device logs. */
export class CloudFailure extends Error {}

/**
 * The cloud does not take the device's credentials. The device erases them and panics; what boots then
 * waits to be given new ones. `message` is what the cloud said.
 */
export class CredentialsRefused extends Error {}

/** The device's program panics: with `panic = abort` that is a reboot. */
export class DevicePanic extends Error {}

/** ESP-IDF's error codes that an update can end with, by the names that the device logs. */
export type EspErrorName =
  | 'ESP_ERR_INVALID_ARG'
  | 'ESP_ERR_INVALID_SIZE'
  | 'ESP_ERR_NOT_FOUND'
  | 'ESP_ERR_OTA_PARTITION_CONFLICT'
  | 'ESP_ERR_OTA_VALIDATE_FAILED';

/** What an ESP-IDF call failed with; what it logged itself went to the log already. */
export class EspFailure extends Error {
  readonly error: EspErrorName;

  constructor(error: EspErrorName) {
    super(error);
    this.error = error;
  }
}

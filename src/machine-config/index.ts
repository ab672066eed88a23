/**
 * Machine configs of Viam, as far as over-the-air updates go: find the OTA service, check and set
 * its URL and version tag without touching anything else, and do so where the config lives.
 *
 * @module
 */
export { checkSettings, validateMachineConfig } from './check-edit.ts';
export { checkOtaUrl, type UrlCheckOptions } from './check-url.ts';
export { MACHINE_CONFIG_CODES, type MachineConfigCode, MachineConfigError } from './codes.ts';
export {
  type JsonObject,
  type JsonValue,
  type MachineConfigDocument,
  parseMachineConfig,
} from './document.ts';
export { type EditOptions, type OtaEdit, type OtaSettings, setOtaService } from './edit.ts';
export { checkPins, type FragmentPin } from './fragment-pins.ts';
export {
  describeFragment,
  fragmentKey,
  type Fragments,
  fragmentUses,
  type FragmentUse,
  type FragmentVersion,
} from './fragment-use.ts';
export {
  chooseOtaService,
  type ConfigKind,
  describeService,
  findOtaServices,
  type OtaService,
  type ServiceSource,
} from './ota-service.ts';
export { OTA_MODEL, OTA_MODEL_SHORT } from './ota-entries.ts';
export { redactConfig, redactText, redactUrl, redactValue, shownValue } from './redact.ts';
export type { ConfigSnapshot, ConfigTarget } from './targets/config-target.ts';
export { fileTarget } from './targets/file-target.ts';
export { removeLeftovers, temporaryName } from './targets/leftovers.ts';
export { type KeptSettings, type OtaUndo, undoEdit, undoOf } from './undo.ts';
export { type ConfigUpdate, sameJson, updateConfig } from './update.ts';
export { checkTag, looksOlder, MAX_TAG_BYTES, type TagFacts, uniqueTag } from './version-tag.ts';
export { type OtaPlan, planOtaChange, type SettingsFor } from './plan.ts';
export { type Preflight, preflightUrl } from './preflight/preflight.ts';
export { refusalOf } from './refusal.ts';
export { followPart, type MarkedLog } from './follow/follow-part.ts';
export { earlierFellBack } from './follow/earlier-fell-back.ts';
export { DeviceWatch, type FollowOptions } from './follow/device-watch.ts';
export {
  DeviceLog,
  type DeviceLogOptions,
  type DeviceStep,
  type DeviceVerdict,
} from './follow/device-log.ts';
export { fragmentTarget, partTarget } from './targets/cloud-target.ts';
export { VIAM_APP, ViamCloud, type ViamCloudOptions } from './viam/cloud.ts';
export type {
  AgentInfo,
  LogEntryMessage,
  ProtoMessage,
  ProtoType,
  StructMessage,
  TimestampMessage,
  UpdateRequest,
} from './viam/messages.ts';
export { loadViamSdk, type ViamCredentials, type ViamSdk } from './viam/sdk.ts';

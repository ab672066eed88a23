/**
 * Virtual hardware: devices that behave, and fail, as the real ones do.
 *
 * @module
 */
export { SIMULATOR_CODES, SimulatorError } from './codes.ts';
export { configFile, readMachineConfig } from './micro-rdk/config-file.ts';
export { MicroRdk, type MicroRdkParts } from './micro-rdk/device.ts';
export {
  createDial,
  type Dial,
  DialFailure,
  type DialOptions,
  type DialStage,
} from './micro-rdk/dial.ts';
export type { MicroRdkEvent, RebootReason } from './micro-rdk/events.ts';
export { buildFactoryImage, FACTORY_VERSION } from './micro-rdk/factory-image.ts';
export { formatLogLine, type LogLevel, type LogLine, type LogSink } from './micro-rdk/log.ts';
export {
  type ConfigSource,
  type MachineConfig,
  type RestartAnswer,
  OTA_MODEL,
  selectOtaService,
  type ServiceEntry,
} from './micro-rdk/machine-config.ts';
export { chipAsSold, manufacture } from './micro-rdk/manufacture.ts';
export { type StoredKey, type StoredValues, valuesInMemory } from './micro-rdk/stored-values.ts';
export {
  createVirtualDevice,
  openVirtualDevice,
  type VirtualDevice,
  type VirtualDeviceParts,
  type WantedDevice,
} from './micro-rdk/virtual-device.ts';
export type { DeviceUri } from './micro-rdk/uri.ts';
export type { ChipUnderTest } from './boot/verify-image.ts';
export { VirtualFlash } from './micro-rdk/virtual-flash.ts';
export {
  type BootContext,
  type ChipFaults,
  type ChipListener,
  firmware,
  linkToChip,
  listenPty,
  listenRfc2217,
  type ListenerOptions,
  listenTcp,
  NorFlash,
  parseChipFaults,
  profileOf,
  type PtyOptions,
  simLinks,
  VIRTUAL_CHIP_CODES,
  VIRTUAL_CHIPS,
  VirtualChip,
  VirtualChipError,
  type VirtualChipName,
  type VirtualChipOptions,
} from './chip/index.ts';
export {
  type ApiKey,
  type CloudAddress,
  type CloudFault,
  DeviceConnection,
  type DeviceIdentity,
  type KeyRole,
  selfSignedCertificate,
  type NewConfig,
  type StoredConfig,
  type StoredFragment,
  type StoredPart,
  VirtualViamCloud,
  type VirtualViamCloudOptions,
} from './viam-cloud/index.ts';
export {
  type AbState,
  type Board,
  type BootNews,
  type CheckResult,
  createDeviceHttp,
  type DeviceAnswer,
  DeviceClient,
  type DeviceCommand,
  type DeviceHttp,
  type DeviceLogin,
  type DeviceMemory,
  type DeviceRequest,
  factoryState,
  FAULTLESS,
  type FleetBehaviour,
  FleetDevice,
  type FleetDeviceParts,
  type FleetFile,
  type NewDevice,
  type Offer,
  provision,
  readFleetFile,
  readTrustedKey,
  Refused,
  scaledClock,
  type SlotImage,
  type StatusReport,
  type TrustedKey,
  Unreachable,
  VirtualFleet,
  type VirtualDeviceEvent,
  type VirtualDeviceState,
  type VirtualFleetParts,
  writeFleetFile,
} from './fleet/index.ts';

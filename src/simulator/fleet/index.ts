export { type AbState, factoryState, type SlotImage } from './ab-slots.ts';
export { FAULTLESS, type FleetBehaviour } from './behaviour.ts';
export { type Board, FleetDevice, type FleetDeviceParts } from './device.ts';
export {
  type BootNews,
  type CheckResult,
  DeviceClient,
  type DeviceLogin,
} from './device-client.ts';
export type { VirtualDeviceEvent, VirtualDeviceState } from './device-events.ts';
export {
  createDeviceHttp,
  type DeviceAnswer,
  type DeviceHttp,
  type DeviceRequest,
} from './device-http.ts';
export type { DeviceMemory } from './device-memory.ts';
export { Refused, Unreachable } from './failure.ts';
export { VirtualFleet, type VirtualFleetParts } from './fleet.ts';
export { type FleetFile, readFleetFile, writeFleetFile } from './identities.ts';
export { type NewDevice, provision } from './registration.ts';
export { scaledClock } from './scaled-clock.ts';
export { readTrustedKey, type TrustedKey } from './signed-manifest.ts';
export type { DeviceCommand, Offer, StatusReport } from './wire.ts';

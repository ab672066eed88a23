export type { ApiKey, KeyRole } from './access.ts';
export {
  type CloudAddress,
  type NewConfig,
  VirtualViamCloud,
  type VirtualViamCloudOptions,
} from './cloud.ts';
export { DeviceConnection, type DeviceIdentity } from './device-connection.ts';
export type { CloudFault } from './faults.ts';
export { selfSignedCertificate } from './self-signed.ts';
export type { StoredConfig, StoredFragment, StoredPart } from './state.ts';

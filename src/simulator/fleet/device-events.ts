/** Where a virtual device is in its life; the names of the staged-deployment guide, and three more. */
export type VirtualDeviceState =
  | 'off'
  | 'idle'
  | 'checking'
  | 'downloading'
  | 'verifying'
  | 'installing'
  | 'rebooting'
  | 'rolled-back'
  | 'sleeping'
  /** The server does not know it, or does not want it. */
  | 'refused';

/** What a virtual device did, in the order in which it happened. */
export type VirtualDeviceEvent = { readonly deviceId: string } & (
  | { readonly kind: 'state'; readonly state: VirtualDeviceState }
  | { readonly kind: 'offered'; readonly packageId: string; readonly version: string }
  | { readonly kind: 'resumed'; readonly fromByte: number; readonly totalBytes: number }
  | { readonly kind: 'failed'; readonly version: string; readonly reason: string }
  | { readonly kind: 'rolled-back'; readonly version: string; readonly reason: string }
  | { readonly kind: 'booted'; readonly version: string; readonly updated: boolean }
  | { readonly kind: 'command'; readonly name: string; readonly done: boolean }
  /** A request failed; it is tried again. */
  | { readonly kind: 'trouble'; readonly message: string }
);

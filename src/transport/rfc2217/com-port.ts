/** The commands of RFC 2217 §3, as the client numbers them; the server answers with 100 more. */
export const COMMAND = {
  signature: 0,
  setBaudRate: 1,
  setDataSize: 2,
  setParity: 3,
  setStopSize: 4,
  setControl: 5,
  flowControlSuspend: 8,
  flowControlResume: 9,
  setLineStateMask: 10,
  setModemStateMask: 11,
  purgeData: 12,
} as const;

/** What the server adds to a command's number when it answers. */
export const ANSWER = 100;

/** Values of `setControl` (RFC 2217 §3). */
export const CONTROL = {
  askFlow: 0,
  noFlow: 1,
  askBreak: 4,
  breakOff: 6,
  askDtr: 7,
  dtrOn: 8,
  dtrOff: 9,
  askRts: 10,
  rtsOn: 11,
  rtsOff: 12,
} as const;

export const PURGE_BOTH = 3;

export function u32be(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value);
  return bytes;
}

export function readU32be(bytes: Uint8Array): number | null {
  if (bytes.length !== 4) return null;
  return new DataView(bytes.buffer, bytes.byteOffset, 4).getUint32(0);
}

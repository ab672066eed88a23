/**
 * The two data partitions that an update touches, otadata and NVS: read, checked, edited and built.
 * Pure: bytes in, values out, in Node and in browsers.
 *
 * @module
 */
export {
  NVS_CODES,
  type NvsCode,
  NvsError,
  OTADATA_CODES,
  type OtadataCode,
  OtadataError,
} from './codes.ts';
export type { NvsVariable } from './nvs/assemble.ts';
export { type BoardRow, type BoardRowsOptions, parseBoardRows } from './nvs/board-rows.ts';
export { buildNvs, type NvsBuild, type NvsBuildOptions, type NvsBuildRow } from './nvs/build.ts';
export { type NvsCsvRow, parseNvsCsv } from './nvs/csv-read.ts';
export { decodeValue } from './nvs/csv-value.ts';
export { hasCsvForm, serializeNvsCsv } from './nvs/csv-write.ts';
export { diffNvs, type NvsChange } from './nvs/diff.ts';
export { deleteNvsValue, setNvsValue } from './nvs/edit.ts';
export { decryptNvs, encryptNvs } from './nvs/encrypt.ts';
export { inspectNvs, looksLikeNvs, type NvsInspection, type NvsUsage } from './nvs/inspect.ts';
export type { NvsItem } from './nvs/items.ts';
export {
  deriveNvsKeys,
  NVS_KEYS_BYTES,
  type NvsKeys,
  parseNvsKeys,
  serializeNvsKeys,
} from './nvs/keys.ts';
export type { NvsIntegerType, NvsPageState, NvsVersion } from './nvs/layout.ts';
export { locateNvs, type NvsPlace } from './nvs/locate.ts';
export type { NvsEntryState, NvsPage } from './nvs/page.ts';
export { type Nvs, parseNvs } from './nvs/parse.ts';
export { chooseBoardRow, type RowClaim } from './nvs/row-claims.ts';
export { findVariable, isSecret, redacted } from './nvs/secrets.ts';
export {
  type NvsType,
  type NvsValue,
  stringValue,
  valueSizeBytes,
  valueText,
} from './nvs/value.ts';
export {
  parseViamJson,
  readViamSettings,
  seedViamSettings,
  VIAM_BLOBS,
  VIAM_KEYS,
  VIAM_NAMESPACE,
  type ViamKey,
} from './nvs/viam.ts';
export {
  bootableEntries,
  type BootPartition,
  type BootSlots,
  bootSlots,
  type BootTable,
  slotName,
} from './otadata/boot-slots.ts';
export {
  type BootChoice,
  type BootOptions,
  type BootReason,
  chooseBootSlot,
  type RecordWrite,
} from './otadata/choose-boot-slot.ts';
export {
  applyRecordWrites,
  eraseOtadata,
  markOtadata,
  switchOtadata,
  type SwitchOptions,
  type WritableState,
} from './otadata/edit.ts';
export { explainBootChoice } from './otadata/explain.ts';
export { inspectOtadata, type OtadataInspection } from './otadata/inspect.ts';
export { locateOtadata } from './otadata/locate.ts';
export { type Otadata, parseOtadata, validateOtadata } from './otadata/parse.ts';
export {
  OTADATA_SIZE_BYTES,
  type OtadataRecord,
  type OtadataState,
  recordCrc,
  type RecordIndex,
} from './otadata/record.ts';

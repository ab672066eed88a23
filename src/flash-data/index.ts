export { OTADATA_CODES, type OtadataCode, OtadataError } from './codes.ts';
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

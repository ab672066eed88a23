/**
 * Partition tables of the ESP32: CSV and binary, read, written and checked as ESP-IDF's
 * `gen_esp32part.py` does, without Python and without a file system.
 *
 * @module
 */
export { PARTITION_TABLE_CODES, type PartitionTableCode, PartitionTableError } from './codes.ts';
export {
  type CsvDocument,
  type CsvLine,
  decodeText,
  encodeText,
  parseCsvDocument,
  serializeCsvDocument,
  type TextEncoding,
} from './csv-document.ts';
export {
  type CableStep,
  type DataLoss,
  diffPartitionTables,
  type EntryChange,
  type TableDiff,
} from './diff.ts';
export { insertCsvRow, removeCsvLine, setCsvField } from './edit-csv.ts';
export { type FitOptions, fitPreset, type FittedPreset } from './fit-preset.ts';
export { drawFlashMapSvg, type FlashMapSvgOptions } from './flash-map-svg.ts';
export {
  FLASH_SIZES_BYTES,
  type FlashRegion,
  flashRegions,
  smallestFlashBytes,
  usedFlashBytes,
} from './flash-map.ts';
export {
  type CsvColumn,
  DEFAULT_TABLE_FLASH_OFFSET,
  endOf,
  type EntryLocation,
  inFlashOrder,
  type PartitionEntry,
  type PartitionTable,
  shownName,
  TABLE_MAX_BYTES,
  TABLE_SECTOR_BYTES,
} from './model.ts';
export {
  detectTableForm,
  inspectPartitionTable,
  looksLikeTable,
  type ParseOptions,
  parsePartitionTable,
  type TableInspection,
} from './parse.ts';
export { type ParseBinaryOptions, parsePartitionBinary } from './parse-binary.ts';
export { type ParseCsvOptions, parsePartitionCsv } from './parse-csv.ts';
export {
  appSlots,
  findEntryByName,
  findEntryByType,
  findOtadata,
  isFactory,
  isOtadata,
  otaSlotNumber,
  otaSlots,
} from './queries.ts';
export { type SerializeBinaryOptions, serializePartitionBinary } from './serialize-binary.ts';
export { csvSize, type SerializeCsvOptions, serializePartitionCsv } from './serialize-csv.ts';
export { type SecureBootVersion, subtypeName, typeName } from './types.ts';
export { lintPartitionTable, validatePartitionTable, type ValidateOptions } from './validate.ts';
export { type VerifyOptions, verifyPartitionTable } from './verify.ts';

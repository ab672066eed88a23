export { alignUp, ByteReader, bytesEqual, concatBytes, decodeCString } from './bytes.ts';
export { BytesError } from './bytes-error.ts';
export { type ByteSource, memorySource, readUpTo, sliceSource } from './byte-source.ts';
export { type Clock, systemClock } from './clock.ts';
export type { CodeCatalogue, ErrorKind, ThrowableCode } from './codes.ts';
export { crc32 } from './crc32.ts';
export { md5, sha256, toHex } from './digest.ts';
export { type ErrorContext, OtakitError } from './errors.ts';
export { fileErrorReason } from './file-error.ts';
export { hasErrors, type Issue, type IssueLocation, type Severity } from './issues.ts';
export { printable } from './printable.ts';
export {
  counted,
  formatCount,
  formatDuration,
  formatHex,
  formatSize,
  parseDuration,
  parseSize,
} from './units.ts';

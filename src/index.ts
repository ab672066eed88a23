/**
 * otakit as a library. Each module is importable alone too (`otakit/app-image`,
 * `otakit/partition-table`, …); those that read formats need nothing from Node.
 *
 * @module
 */
export {
  type ByteSource,
  memorySource,
  OtakitError,
  type Issue,
  type Severity,
} from './shared/index.ts';

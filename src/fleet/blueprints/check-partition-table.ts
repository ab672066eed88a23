import {
  detectTableForm,
  FLASH_SIZES_BYTES,
  otaSlots,
  parsePartitionTable,
  serializePartitionCsv,
  validatePartitionTable,
} from '../../partition-table/index.ts';
import { formatSize, type Issue, OtakitError } from '../../shared/index.ts';
import { FleetError } from '../codes.ts';
import type { Blueprint } from './blueprint.ts';

/** A table has at most 95 entries; CSV with comments is rarely longer than this. */
const LONGEST_TABLE_BYTES = 64 * 1024;

/**
 * The table of a blueprint as CSV, when a device of that chip and flash could be updated with it.
 *
 * @throws FleetError `fleet/bad-partition-table` with all that is wrong, `fleet/invalid`
 */
export function checkPartitionTable(
  input: string | Uint8Array,
  { chip, flashSizeBytes }: Pick<Blueprint, 'chip' | 'flashSizeBytes'>,
): string {
  if (!FLASH_SIZES_BYTES.includes(flashSizeBytes)) {
    throw new FleetError('fleet/invalid', `There is no flash of ${flashSizeBytes} bytes.`, {
      hint: `Take one of ${FLASH_SIZES_BYTES.map(formatSize).join(', ')}.`,
      details: { field: 'flashSizeBytes', value: flashSizeBytes },
    });
  }
  const bytes = typeof input === 'string' ? new TextEncoder().encode(input) : input;
  if (bytes.length > LONGEST_TABLE_BYTES) {
    throw bad(`It has ${formatSize(bytes.length)}, and no table is that long.`, []);
  }
  const table = parse(bytes);
  const issues = validatePartitionTable(table, { chip, flashSizeBytes });
  const errors = issues.filter(({ severity }) => severity === 'error');
  if (errors.length > 0) throw bad(errors.map(({ message }) => message).join('; '), issues);
  if (otaSlots(table).length === 0) {
    throw bad('It has no ota_0, so that no device with it can be updated.', issues);
  }
  return detectTableForm(bytes) === 'binary'
    ? serializePartitionCsv(table)
    : new TextDecoder().decode(bytes);
}

function parse(bytes: Uint8Array) {
  try {
    return parsePartitionTable(bytes);
  } catch (error) {
    if (!(error instanceof OtakitError)) throw error;
    throw bad(error.message, [], error);
  }
}

function bad(message: string, issues: readonly Issue[], cause?: OtakitError): FleetError {
  return new FleetError('fleet/bad-partition-table', message, {
    hint: cause?.hint ?? 'Look at it with `otakit partitions check`.',
    details: { ...cause?.details, issues, ...(cause && { reason: cause.code }) },
    cause,
  });
}

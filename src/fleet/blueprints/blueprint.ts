import type { ChipName } from '../../chips/index.ts';

/** A hardware class: what must fit together before an image may be offered to a device. */
export interface Blueprint {
  /** Chosen by the user, such as `sensor-v2`. */
  readonly blueprintId: string;
  readonly description: string;
  readonly chip: ChipName;
  readonly flashSizeBytes: number;
  /** The partition table as CSV, exactly as uploaded (a binary table is written out as CSV). */
  readonly partitionTable: string;
  readonly createdAtMs: number;
  readonly revision: number;
}

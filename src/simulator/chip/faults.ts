import { VirtualChipError } from './codes.ts';

/** What is wrong with a virtual chip or its cable, on purpose. */
export interface ChipFaults {
  /** Bytes from the host that never arrive, counted from power-on. */
  readonly dropToChip?: readonly number[];
  /** Bytes from the host that arrive with a flipped bit. */
  readonly flipToChip?: readonly number[];
  readonly dropToHost?: readonly number[];
  readonly flipToHost?: readonly number[];
  /** The cable is pulled after this many bytes from the host. */
  readonly unplugAfterBytes?: number;
  /**
   * The port goes away after this many bytes from the host and is back under another name, as a native
   * USB port is that enumerates anew.
   */
  readonly renameAfterBytes?: number;
  /** The same after this many bytes to the host, so that it happens to who only listens too. */
  readonly renameAfterBytesToHost?: number;
  /** The supply gives way after this many bytes from the host: the chip resets, in the middle of whatever it does. */
  readonly brownOutAfterBytes?: number;
  /** How many times slower than usual the flash is. */
  readonly eraseSlowdown?: number;
  /** Sectors (by number) that keep what they hold. */
  readonly badSectors?: readonly number[];
  /** What the flash says it is: manufacturer, type, capacity as log2, from the lowest byte. */
  readonly flashId?: number;
}

const LISTS = ['dropToChip', 'flipToChip', 'dropToHost', 'flipToHost', 'badSectors'];
const NUMBERS = [
  'unplugAfterBytes',
  'renameAfterBytes',
  'renameAfterBytesToHost',
  'brownOutAfterBytes',
  'eraseSlowdown',
  'flashId',
];

/**
 * Reads faults from JSON, such as `{"unplugAfterBytes": 5000, "badSectors": [17]}`.
 *
 * @throws VirtualChipError `virtual-chip/bad-faults`
 */
export function parseChipFaults(text: string): ChipFaults {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (cause) {
    throw badFaults('they are not JSON', cause);
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) {
    throw badFaults('they are no JSON object');
  }
  for (const [name, value] of Object.entries(parsed)) {
    const isList = LISTS.includes(name);
    if (!isList && !NUMBERS.includes(name)) throw badFaults(`there is no fault "${name}"`);
    const numbers: readonly unknown[] = isList && Array.isArray(value) ? value : [value];
    if (!numbers.every((number) => typeof number === 'number' && number >= 0)) {
      throw badFaults(`"${name}" is not ${isList ? 'a list of numbers' : 'a number'} from 0`);
    }
  }
  return parsed;
}

function badFaults(why: string, cause?: unknown): VirtualChipError {
  return new VirtualChipError('virtual-chip/bad-faults', `the faults cannot be used: ${why}`, {
    hint: `Write a JSON object with any of ${[...LISTS, ...NUMBERS].join(', ')}.`,
    ...(cause === undefined ? {} : { cause }),
  });
}

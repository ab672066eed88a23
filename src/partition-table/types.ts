import { formatHex } from '../shared/index.ts';
import { PartitionTableError } from './codes.ts';

export const TYPE_APP = 0x00;
export const TYPE_DATA = 0x01;
export const TYPE_BOOTLOADER = 0x02;
export const TYPE_PARTITION_TABLE = 0x03;

export const SUBTYPE_FACTORY = 0x00;
export const SUBTYPE_OTA_0 = 0x10;
export const SUBTYPE_OTA_15 = 0x1f;
export const SUBTYPE_TEST = 0x20;
export const SUBTYPE_DATA_OTA = 0x00;
export const SUBTYPE_DATA_PHY = 0x01;
export const SUBTYPE_DATA_NVS = 0x02;
export const SUBTYPE_DATA_COREDUMP = 0x03;
export const SUBTYPE_DATA_NVS_KEYS = 0x04;
export const SUBTYPE_DATA_UNDEFINED = 0x06;
export const SUBTYPE_DATA_TEE_OTA = 0x90;
/** The primary bootloader and the primary table have the same subtype number. */
export const SUBTYPE_PRIMARY = 0x00;
export const SUBTYPE_RECOVERY = 0x02;

/** Type names as a CSV may write them; the order is the one that messages list them in. */
export const TYPE_NAMES: ReadonlyMap<string, number> = new Map([
  ['bootloader', TYPE_BOOTLOADER],
  ['partition_table', TYPE_PARTITION_TABLE],
  ['app', TYPE_APP],
  ['data', TYPE_DATA],
]);

/** For each type its subtype names. */
export type SubtypeNames = ReadonlyMap<number, ReadonlyMap<string, number>>;

const numbered = (prefix: string, first: number, count: number) =>
  Array.from({ length: count }, (_, index): [string, number] => [
    `${prefix}${index}`,
    first + index,
  ]);

/** What ESP-IDF knows. */
export const SUBTYPE_NAMES: SubtypeNames = new Map<number, ReadonlyMap<string, number>>([
  [
    TYPE_BOOTLOADER,
    new Map([
      ['primary', SUBTYPE_PRIMARY],
      ['ota', 0x01],
      ['recovery', SUBTYPE_RECOVERY],
    ]),
  ],
  [
    TYPE_PARTITION_TABLE,
    new Map([
      ['primary', SUBTYPE_PRIMARY],
      ['ota', 0x01],
    ]),
  ],
  [
    TYPE_APP,
    new Map([
      ['factory', SUBTYPE_FACTORY],
      ['test', SUBTYPE_TEST],
      ...numbered('ota_', SUBTYPE_OTA_0, 16),
      ...numbered('tee_', 0x30, 2),
    ]),
  ],
  [
    TYPE_DATA,
    new Map([
      ['ota', SUBTYPE_DATA_OTA],
      ['phy', SUBTYPE_DATA_PHY],
      ['nvs', SUBTYPE_DATA_NVS],
      ['coredump', SUBTYPE_DATA_COREDUMP],
      ['nvs_keys', SUBTYPE_DATA_NVS_KEYS],
      ['efuse', 0x05],
      ['undefined', SUBTYPE_DATA_UNDEFINED],
      ['esphttpd', 0x80],
      ['fat', 0x81],
      ['spiffs', 0x82],
      ['littlefs', 0x83],
      ['tee_ota', SUBTYPE_DATA_TEE_OTA],
    ]),
  ],
]);

/**
 * The known subtype names and those of a project, each given as `app, my_name, 0x40` the way
 * ESP-IDF's build passes them.
 *
 * @throws PartitionTableError `partition-table/bad-extra-subtype`
 */
export function subtypeNames(extra: readonly string[] = []): SubtypeNames {
  if (extra.length === 0) return SUBTYPE_NAMES;
  const names = new Map([...SUBTYPE_NAMES].map(([type, own]) => [type, new Map(own)]));
  for (const text of extra) {
    const [typeName = '', name = '', digits = ''] = text.split(',').map((field) => field.trim());
    const own = names.get(TYPE_NAMES.get(typeName) ?? -1);
    const value = /^(?:0x)?[0-9a-f]+$/i.test(digits) ? Number.parseInt(digits, 16) : Number.NaN;
    if (own === undefined || name === '' || !(value <= 0xff)) {
      throw badExtra(text, 'it is not a type, a name and a hexadecimal number up to 0xff');
    }
    const taken = [...own].find(([, other]) => other === value)?.[0];
    if (taken !== undefined) throw badExtra(text, `${formatHex(value)} is ${taken} already`);
    own.set(name, value);
  }
  return names;
}

function badExtra(text: string, reason: string): PartitionTableError {
  return new PartitionTableError(
    'partition-table/bad-extra-subtype',
    `The extra subtype "${text}" cannot be taken: ${reason}`,
    { hint: 'Write it as "app, my_name, 0x40", with a free number.', details: { text } },
  );
}

/** `app`, `data`, …, or the number as `0x40`. */
export function typeName(type: number): string {
  return nameOf(TYPE_NAMES, type) ?? formatHex(type, 2);
}

/** `ota_0`, `nvs`, …, or the number as `0x40`. */
export function subtypeName(
  type: number,
  subtype: number,
  names: SubtypeNames = SUBTYPE_NAMES,
): string {
  return nameOf(names.get(type), subtype) ?? formatHex(subtype, 2);
}

/** The name that stands for a number, or `null`. */
export function nameOf(
  names: ReadonlyMap<string, number> | undefined,
  value: number,
): string | null {
  for (const [name, number] of names ?? []) if (number === value) return name;
  return null;
}

/** What the offset of an entry must be a multiple of: the MMU's page for apps, a sector for the rest. */
export function offsetAlignment(type: number): number {
  return type === TYPE_APP ? 0x10000 : 0x1000;
}

/** Which secure boot an app slot must be fit for. */
export type SecureBootVersion = 'v1' | 'v2';

/** What the size of an app slot must be a multiple of. With secure boot v1 the signature ends a 64 KB page. */
export function appSizeAlignment(secure: SecureBootVersion | undefined): number {
  return secure === 'v1' ? 0x10000 : 0x1000;
}

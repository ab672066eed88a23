import { type ChipName, chipByName } from '../chips/index.ts';
import { formatHex, formatSize } from '../shared/index.ts';
import { type Finding, finding } from './finding.ts';
import {
  endOf,
  FLASH_SECTOR_BYTES,
  inFlashOrder,
  type PartitionEntry,
  type PartitionTable,
  shownName,
  TABLE_SECTOR_BYTES,
} from './model.ts';
import { findEntryByType } from './queries.ts';
import {
  SUBTYPE_DATA_NVS,
  SUBTYPE_DATA_NVS_KEYS,
  SUBTYPE_DATA_PHY,
  TYPE_APP,
  TYPE_DATA,
  typeName,
} from './types.ts';

const CUSTOM_TYPES_FROM = 0x40;
const TYPE_ANY = 0xff;
const ADDRESS_24_BIT_END = 0x1000000;
const ADDRESS_32_BIT_END = 0x1_0000_0000;

/** Chips whose flash cache maps more than the 16 MB that three address bytes reach. */
const MAPS_32_BIT: ReadonlySet<ChipName> = new Set([
  'esp32s3',
  'esp32c5',
  'esp32p4',
  'esp32s31',
  'esp32h4',
  'esp32e22',
]);

/** What is wrong with single entries, and with the flash between them. */
export function lintEntries(table: PartitionTable, chip: ChipName | undefined): readonly Finding[] {
  return [
    ...md5Row(table),
    ...table.entries.flatMap((entry) => [
      ...unknownFlags(entry),
      ...reservedType(entry),
      ...lintData(entry),
      ...beyondAddressing(entry, chip),
    ]),
    ...missing(table),
    ...wasted(table),
  ];
}

function md5Row(table: PartitionTable): readonly Finding[] {
  if (table.hasMd5 !== false) return [];
  return [
    finding(
      'partition-table/md5-missing',
      'warning',
      null,
      'the table has no MD5 row, so damage to it goes unnoticed, and bootloaders built since ESP-IDF 3.1 refuse it unless CONFIG_PARTITION_TABLE_MD5 is off',
      'Build it again with the MD5 row, unless the bootloader is older.',
    ),
  ];
}

function unknownFlags(entry: PartitionEntry): readonly Finding[] {
  if (entry.unknownFlags === undefined) return [];
  return [
    finding(
      'partition-table/unknown-flag-bits',
      'warning',
      { entry, column: 'flags' },
      `${shownName(entry)} has unknown flag bits ${formatHex(entry.unknownFlags, 8)}`,
      'It was built by something newer, or is damaged. A CSV cannot hold them.',
    ),
  ];
}

function reservedType(entry: PartitionEntry): readonly Finding[] {
  const { type } = entry;
  if ((type <= 3 || type >= CUSTOM_TYPES_FROM) && type !== TYPE_ANY) return [];
  return [
    finding(
      'partition-table/reserved-type',
      'warning',
      { entry, column: 'type' },
      type === TYPE_ANY
        ? `${shownName(entry)} has type 0xff, which stands for any type when a program looks for entries`
        : `${shownName(entry)} has type ${typeName(type)}, which is reserved for later versions of ESP-IDF`,
      'Types of your own go from 0x40 to 0xFE.',
    ),
  ];
}

function lintData(entry: PartitionEntry): readonly Finding[] {
  const { type, subtype, sizeBytes, encrypted } = entry;
  if (type === TYPE_APP) return [];
  const name = shownName(entry);
  const found: Finding[] = [];
  if (type === TYPE_DATA && subtype === SUBTYPE_DATA_NVS && encrypted) {
    found.push(
      finding(
        'partition-table/nvs-encrypted',
        'error',
        { entry, column: 'flags' },
        `${name} is flagged encrypted; nvs_flash_init fails on it with ESP_ERR_NVS_WRONG_ENCRYPTION`,
        'Remove the flag. NVS encrypts itself, with keys from an nvs_keys entry.',
      ),
    );
  }
  if (type === TYPE_DATA && subtype === SUBTYPE_DATA_NVS_KEYS) {
    if (sizeBytes !== FLASH_SECTOR_BYTES) {
      const tooSmall = sizeBytes < FLASH_SECTOR_BYTES;
      found.push(
        finding(
          'partition-table/nvs-keys-size',
          tooSmall ? 'error' : 'warning',
          { entry, column: 'size' },
          `${name} is ${formatHex(sizeBytes)} bytes long; the keys take one sector of 0x1000${tooSmall ? ', which must be erased whole' : ', the rest is lost'}`,
          'Make it 0x1000.',
        ),
      );
    }
    if (!encrypted) {
      found.push(
        finding(
          'partition-table/nvs-keys-plain',
          'warning',
          { entry, column: 'flags' },
          `${name} is not flagged encrypted, so the keys of NVS lie in flash in the clear`,
          'Flag it encrypted, and enable flash encryption.',
        ),
      );
    }
  } else if (sizeBytes % FLASH_SECTOR_BYTES !== 0) {
    const used = Math.floor(sizeBytes / FLASH_SECTOR_BYTES) * FLASH_SECTOR_BYTES;
    found.push(
      finding(
        'partition-table/data-size-unaligned',
        'warning',
        { entry, column: 'size' },
        `${name} is ${formatHex(sizeBytes)} bytes long, not a multiple of the ${formatHex(FLASH_SECTOR_BYTES)} that flash erases at once: what is beyond ${formatHex(used)} cannot be erased`,
        `Make it ${formatHex(used + FLASH_SECTOR_BYTES)}.`,
      ),
    );
  }
  return found;
}

function beyondAddressing(entry: PartitionEntry, chip: ChipName | undefined): readonly Finding[] {
  if (endOf(entry) <= ADDRESS_24_BIT_END) return [];
  if (endOf(entry) > ADDRESS_32_BIT_END) {
    return [
      finding(
        'partition-table/address-overflow',
        'error',
        { entry, column: 'size' },
        `${shownName(entry)} ends at ${formatHex(endOf(entry))}, which 32 bits do not hold; the bootloader refuses the table`,
        'Check the offset and the size.',
      ),
    ];
  }
  if (chip !== undefined && MAPS_32_BIT.has(chip)) return [];
  const title = chip === undefined ? 'a chip such as the ESP32' : `the ${chipByName(chip).title}`;
  const isApp = entry.type === TYPE_APP;
  return [
    finding(
      'partition-table/beyond-addressing',
      isApp && chip !== undefined ? 'error' : 'warning',
      { entry, column: 'offset' },
      `${shownName(entry)} ends at ${formatHex(endOf(entry))}; ${title} maps only the first 16 MB of flash${isApp ? ' and cannot run an app from beyond' : ', so the entry can be read and written but not mapped'}`,
      isApp
        ? 'Put apps into the first 16 MB, or check that the chip and its flash use 32-bit addresses (ESP32-S3, ESP32-C5, ESP32-P4).'
        : 'Check that chip, flash and project use 32-bit addresses; --chip says for which chip to check.',
    ),
  ];
}

function missing(table: PartitionTable): readonly Finding[] {
  if (table.entries.length === 0) return [];
  const found: Finding[] = [];
  if (findEntryByType(table, TYPE_DATA, SUBTYPE_DATA_NVS) === null) {
    found.push(
      finding(
        'partition-table/no-nvs',
        'warning',
        null,
        'no NVS entry: Wi-Fi, Bluetooth and everything else that keeps settings fails to start',
        'Add a row such as "nvs, data, nvs, , 0x6000,".',
      ),
    );
  }
  if (findEntryByType(table, TYPE_DATA, SUBTYPE_DATA_PHY) === null) {
    found.push(
      finding(
        'partition-table/no-phy',
        'info',
        null,
        'no phy entry; fine unless CONFIG_ESP_PHY_INIT_DATA_IN_PARTITION is set',
        'Add "phy_init, data, phy, , 0x1000," where it is.',
      ),
    );
  }
  return found;
}

function wasted(table: PartitionTable): readonly Finding[] {
  const found: Finding[] = [];
  let end = table.tableFlashOffset + TABLE_SECTOR_BYTES;
  for (const entry of inFlashOrder(table)) {
    const gapBytes = entry.flashOffset - end;
    if (gapBytes > 0) {
      found.push(
        finding(
          'partition-table/alignment-gap',
          'info',
          { entry, column: 'offset' },
          `${formatSize(gapBytes)} (${formatHex(gapBytes)}) of flash lie unused before ${shownName(entry)}`,
          'Move a small data entry there, or enlarge the one before.',
        ),
      );
    }
    end = Math.max(end, endOf(entry));
  }
  return found;
}

/** The Espressif chips that otakit knows, as their tools spell them in file names and options. */
export type ChipName =
  | 'esp8266'
  | 'esp32'
  | 'esp32s2'
  | 'esp32s3'
  | 'esp32c2'
  | 'esp32c3'
  | 'esp32c5'
  | 'esp32c6'
  | 'esp32c61'
  | 'esp32h2'
  | 'esp32h21'
  | 'esp32h4'
  | 'esp32p4'
  | 'esp32s31'
  | 'esp32e22';

/** What lies behind a range of addresses. `FLASH` is one window for code and constants alike. */
export type MemoryKind = 'DROM' | 'IROM' | 'FLASH' | 'DRAM' | 'IRAM' | 'RAM' | 'RTC';

/** A range of the chip's address space that a segment can load to; `end` is exclusive. */
export interface MemoryRegion {
  readonly kind: MemoryKind;
  readonly start: number;
  readonly end: number;
}

/** A secure boot version 2 signature scheme. */
export type SignatureScheme = 'rsa' | 'ecdsa';

/** What host tools have to know about one chip. */
export interface Chip {
  readonly name: ChipName;
  /** As people write it: `ESP32-C3`. */
  readonly title: string;
  /** The id in the image header; `null` for the ESP8266, whose header has none. */
  readonly imageChipId: number | null;
  /** Where the second-stage bootloader starts in flash. */
  readonly bootloaderFlashOffset: number;
  /** The family id in UF2 blocks. */
  readonly uf2FamilyId: number;
  /** Where segments can load to, in the order in which an address should be looked up. */
  readonly memory: readonly MemoryRegion[];
  /** Sizes in bytes that a page of flash-mapped memory can have; the first is the default. */
  readonly mmuPageSizesBytes: readonly number[];
  /** Flash frequency labels by the low nibble of header byte 3; the first of two is the canonical one. */
  readonly flashFrequencies: readonly (readonly [nibble: number, label: string])[];
  /** Flash sizes by the high nibble of header byte 3, as `4MB`. */
  readonly flashSizes: readonly (readonly [nibble: number, label: string])[];
  /** Whether the chip knows secure boot version 1 (ECDSA over the image, 68 bytes at its end). */
  readonly secureBootV1: boolean;
  /** Schemes that its secure boot version 2 takes; empty where it has none. */
  readonly secureBootV2: readonly SignatureScheme[];
}

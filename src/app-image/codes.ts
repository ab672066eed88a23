import {
  type CodeCatalogue,
  type ErrorContext,
  type Issue,
  OtakitError,
  type ThrowableCode,
} from '../shared/index.ts';

/** Every code of {@link AppImageError} and of the issues that this module reports. */
export const APP_IMAGE_CODES = {
  'app-image/merged-image': {
    kind: 'input',
    meaning:
      'The file is a merged image (bootloader, table and app together) or a flash dump, not one app image.',
  },
  'app-image/bootloader': {
    kind: 'input',
    meaning: 'The file is a second-stage bootloader, not an app image.',
  },
  'app-image/partition-table': {
    kind: 'input',
    meaning: 'The file is a partition table, not an app image.',
  },
  'app-image/elf': {
    kind: 'input',
    meaning: 'The file is an ELF program, from which an app image has yet to be made.',
  },
  'app-image/uf2': { kind: 'input', meaning: 'The file is UF2, not an app image.' },
  'app-image/intel-hex': { kind: 'input', meaning: 'The file is Intel HEX, not an app image.' },
  'app-image/gzip': { kind: 'input', meaning: 'The file is compressed with gzip.' },
  'app-image/html': {
    kind: 'input',
    meaning: 'The file is a web page, such as a log-in or error page that was saved by a download.',
  },
  'app-image/empty-flash': {
    kind: 'input',
    meaning: 'The file holds nothing but the 0xFF bytes of erased flash, or nothing at all.',
  },
  'app-image/encrypted': {
    kind: 'input',
    meaning: 'The file looks like encrypted flash contents, which cannot be read or served.',
  },
  'app-image/unknown': {
    kind: 'input',
    meaning: 'The file is nothing that otakit knows; an app image starts with byte 0xE9.',
  },
  'app-image/unreadable': {
    kind: 'input',
    meaning: 'The file could not be read to its end while it was looked at.',
  },
  'app-image/truncated': {
    kind: 'input',
    meaning: 'The image ends before the bytes that its own headers declare.',
  },
  'app-image/damaged-table': {
    kind: 'input',
    meaning: 'The partition table inside a merged image or flash dump is damaged.',
  },
  'app-image/segment-count': {
    kind: 'input',
    meaning: 'The header declares no segment at all, or more than the 16 that a bootloader takes.',
  },
  'app-image/segment-length': {
    kind: 'input',
    meaning: 'A segment has a length that is not a multiple of 4, or is 16 MB and more.',
  },
  'app-image/first-segment-too-small': {
    kind: 'input',
    meaning:
      'The first segment has fewer than the 256 bytes that the bootloader wants of an app for its descriptor.',
  },
  'app-image/unknown-chip': {
    kind: 'input',
    meaning: 'The header names a chip id that no known chip has.',
  },
  'app-image/bad-hash-flag': {
    kind: 'input',
    meaning: 'The header byte that says whether a SHA-256 follows is neither 0 nor 1.',
  },
  'app-image/checksum-mismatch': {
    kind: 'input',
    meaning: 'The checksum of the segments is not the one that the image ends with.',
  },
  'app-image/hash-mismatch': {
    kind: 'input',
    meaning: 'The SHA-256 of the image is not the one that is appended to it.',
  },
  'app-image/hash-missing': {
    kind: 'warning',
    meaning: 'The image carries no SHA-256, so that only an 8-bit checksum protects it.',
  },
  'app-image/trailing-bytes': {
    kind: 'input',
    meaning: 'Bytes follow the end of the image that belong to no signature.',
  },
  'app-image/no-app-descriptor': {
    kind: 'input',
    meaning: 'The image has no app descriptor, so that a device cannot tell its version.',
  },
  'app-image/version-not-utf8': {
    kind: 'input',
    meaning:
      'The version in the app descriptor is not UTF-8, which makes a micro-RDK device panic.',
  },
  'app-image/text-not-utf8': {
    kind: 'warning',
    meaning: 'A text in the app descriptor other than the version is not UTF-8.',
  },
  'app-image/unprintable-text': {
    kind: 'warning',
    meaning: 'A text in the app descriptor contains control characters.',
  },
  'app-image/version-too-long': {
    kind: 'input',
    meaning:
      'The version is longer than the 24 bytes that a micro-RDK device can read; running it, a device never updates again.',
  },
  'app-image/build-time-too-long': {
    kind: 'input',
    meaning:
      'Date and time of the build together exceed the 24 bytes that a micro-RDK device can read.',
  },
  'app-image/version-missing': {
    kind: 'warning',
    meaning: 'The version in the app descriptor is empty, or the `1` that ESP-IDF falls back to.',
  },
  'app-image/version-dirty': {
    kind: 'warning',
    meaning: 'The version says that the image was built from uncommitted changes.',
  },
  'app-image/version-repeated': {
    kind: 'warning',
    meaning: 'The version is the same as that of the image served before.',
  },
  'app-image/chip-mismatch': {
    kind: 'input',
    meaning: 'The image was built for another chip.',
  },
  'app-image/bad-intel-hex': {
    kind: 'input',
    meaning: 'A line of the Intel HEX file is damaged, or its end record is missing.',
  },
  'app-image/bad-uf2': {
    kind: 'input',
    meaning: 'A block of the UF2 file is damaged.',
  },
  'app-image/bad-flash-setting': {
    kind: 'usage',
    meaning: 'The chip has no such flash mode, frequency or size.',
  },
  'app-image/patch-signed': {
    kind: 'input',
    meaning: 'A signed image was to be patched, which would make its signature invalid.',
  },
  'app-image/patch-damaged': {
    kind: 'input',
    meaning: 'A damaged image was to be patched.',
  },
  'app-image/merge-overlap': {
    kind: 'input',
    meaning: 'Two parts of a merge share bytes or a flash sector.',
  },
  'app-image/merge-bootloader-offset': {
    kind: 'input',
    meaning: 'The bootloader of a merge does not lie where the chip starts it from.',
  },
  'app-image/merge-outside-partition': {
    kind: 'input',
    meaning: 'A part of a merge is larger than the partition that it lies in.',
  },
  'app-image/merge-wipes-data': {
    kind: 'warning',
    meaning: 'A raw merge covers data partitions such as NVS, which flashing it overwrites.',
  },
  'app-image/merge-has-gaps': {
    kind: 'warning',
    meaning: 'A raw merge has gaps of 0xFF between its parts.',
  },
  'app-image/merge-range': {
    kind: 'usage',
    meaning: 'A part of a merge lies before its start, or behind the size that it is padded to.',
  },
  'app-image/bad-flasher-args': {
    kind: 'input',
    meaning: 'The file is no flasher_args.json as ESP-IDF writes it.',
  },
  'app-image/bad-elf': {
    kind: 'input',
    meaning: 'The ELF file is damaged, or no program for an ESP chip.',
  },
  'app-image/elf-chip': {
    kind: 'input',
    meaning: 'The ELF file is for another kind of processor than the chip has.',
  },
  'app-image/elf-same-page': {
    kind: 'input',
    meaning:
      'Two pieces of the ELF file lie in one page of flash, which the chip cannot map twice.',
  },
  'app-image/elf-sha256-taken': {
    kind: 'input',
    meaning: 'The place in the image for the SHA-256 of the ELF file is not empty.',
  },
  'app-image/segment-misaligned': {
    kind: 'input',
    meaning:
      'A flash-mapped segment does not lie at the same place of its page in the file as in memory.',
  },
  'app-image/mmu-page-size': {
    kind: 'input',
    meaning: 'The image was linked for an MMU page size that the chip does not have.',
  },
  'app-image/no-mapped-code': {
    kind: 'input',
    meaning:
      'The app has no segment in flash-mapped code memory, without which the bootloader aborts.',
  },
  'app-image/segment-outside-memory': {
    kind: 'warning',
    meaning: 'A segment loads to an address where the chip has no known memory.',
  },
  'app-image/entry-point-outside': {
    kind: 'warning',
    meaning: 'The entry point lies in none of the segments.',
  },
  'app-image/revision-range': {
    kind: 'input',
    meaning: 'The lowest chip revision that the image allows is above the highest.',
  },
  'app-image/chip-revision': {
    kind: 'input',
    meaning: 'The revision of the chip is outside the range that the image allows.',
  },
  'app-image/efuse-block-revision': {
    kind: 'input',
    meaning: 'The eFuse block revision of the chip is outside the range that the image allows.',
  },
  'app-image/secure-version-too-low': {
    kind: 'input',
    meaning: 'The secure version is below the one in the eFuses of the device (anti-rollback).',
  },
  'app-image/spi-mode-mismatch': {
    kind: 'input',
    meaning: 'The image was built for another SPI flash mode than the one that the device runs.',
  },
  'app-image/bad-public-key': {
    kind: 'input',
    meaning: 'The file that was given as a public key is none that secure boot knows.',
  },
  'app-image/signature-missing': {
    kind: 'input',
    meaning: 'The image is not signed in the way that the device wants.',
  },
  'app-image/signature-damaged': {
    kind: 'input',
    meaning: 'A signature block is damaged, or was made for another image.',
  },
  'app-image/signature-wrong-key': {
    kind: 'input',
    meaning: 'No signature of the image was made with the public key that was given.',
  },
  'app-image/signature-invalid': {
    kind: 'input',
    meaning: 'The signature names the public key that was given, but does not verify with it.',
  },
  'app-image/signature-scheme': {
    kind: 'input',
    meaning: 'The chip cannot verify signatures of the kind that the image carries.',
  },
  'app-image/too-large': {
    kind: 'input',
    meaning: 'The image is larger than the smallest OTA slot of the partition table.',
  },
  'app-image/slot-nearly-full': {
    kind: 'warning',
    meaning: 'The image fills more than 90 % of the smallest OTA slot.',
  },
  'app-image/no-otadata': {
    kind: 'input',
    meaning:
      'The partition table has no otadata partition, so that the device cannot switch slots.',
  },
  'app-image/too-few-slots': {
    kind: 'input',
    meaning: 'The partition table has fewer than two app slots, at least one of them an OTA slot.',
  },
  'app-image/unequal-slots': {
    kind: 'warning',
    meaning: 'The OTA slots differ in size; the smallest one limits every image.',
  },
} as const satisfies CodeCatalogue;

/** Every code of this module; see {@link APP_IMAGE_CODES} for what each stands for. */
export type AppImageCode = keyof typeof APP_IMAGE_CODES;

/** An issue that this module reports. */
export type AppImageIssue = Issue<AppImageCode>;

/** Thrown for bytes that are not the image they should be. */
export class AppImageError extends OtakitError {
  constructor(
    code: ThrowableCode<typeof APP_IMAGE_CODES>,
    message: string,
    context?: ErrorContext,
  ) {
    super(APP_IMAGE_CODES, code, message, context);
  }
}

import {
  type CodeCatalogue,
  type ErrorContext,
  OtakitError,
  type ThrowableCode,
} from '../shared/index.ts';

/** Every code of {@link FlashError} and of the issues that this module reports. */
export const FLASH_CODES = {
  'flash/no-board': {
    kind: 'device',
    meaning: 'No port was named, and there is not exactly one board that could be meant.',
  },
  'flash/no-table': {
    kind: 'input',
    meaning: 'A partition was named, but there is no partition table to look it up in.',
  },
  'flash/nvs-encrypted': {
    kind: 'input',
    meaning: 'NVS is not encrypted in the way in which the board expects it.',
  },
  'flash/no-such-partition': {
    kind: 'usage',
    meaning: 'A partition was named that the partition table does not have.',
  },
  'flash/needs-stub': {
    kind: 'usage',
    meaning: 'The ROM loader cannot do it: the flasher stub has to run.',
  },
  'flash/no-answer': {
    kind: 'device',
    meaning: 'Nothing that speaks the loader protocol answers on the port.',
  },
  'flash/wrong-boot-mode': {
    kind: 'device',
    meaning: 'The board resets, but starts its application instead of the serial loader.',
  },
  'flash/unsupported-chip': {
    kind: 'device',
    meaning: 'The chip on the port is not one that otakit can flash.',
  },
  'flash/secure-download': {
    kind: 'device',
    meaning: 'The chip is in secure download mode, in which its loader does nothing but write.',
  },
  'flash/no-flash-chip': {
    kind: 'device',
    meaning: 'The chip does not find its flash, or the flash says no size that is known.',
  },
  'flash/stub-failed': {
    kind: 'device',
    meaning: 'The flasher stub was uploaded but did not start.',
  },
  'flash/timeout': {
    kind: 'device',
    meaning: 'The loader did not answer a command in time.',
  },
  'flash/command-refused': {
    kind: 'device',
    meaning: 'The loader answered a command with an error.',
  },
  'flash/read-corrupt': {
    kind: 'verification',
    meaning: 'What was read from the flash twice did not arrive as the chip sent it.',
  },
  'flash/verify-failed': {
    kind: 'verification',
    meaning: 'The flash does not hold what it should.',
  },
  'flash/outside-flash': {
    kind: 'usage',
    meaning: 'An address or a range lies outside of the flash, or off its sectors.',
  },
  'flash/no-place': {
    kind: 'usage',
    meaning: 'Nothing says where in flash a file goes.',
  },
  'flash/not-flashable': {
    kind: 'input',
    meaning: 'A file that was to be flashed is no flash content at all.',
  },
  'flash/overlap': {
    kind: 'input',
    meaning: 'Two files of a flash plan have the same place.',
  },
  'flash/not-a-slot': {
    kind: 'input',
    meaning: 'An app is to be written where the partition table has no app slot.',
  },
  'flash/wrong-place': {
    kind: 'input',
    meaning: 'A file is to go to a place in flash where something of its kind cannot be.',
  },
  'flash/does-not-fit': {
    kind: 'input',
    meaning: 'A file is larger than its partition, or reaches past the flash of the board.',
  },
  'flash/header-flash-size': {
    kind: 'input',
    meaning: 'The bootloader is built for less flash than the partition table needs.',
  },
  'flash/chip-mismatch': {
    kind: 'input',
    meaning: 'A file is for another chip than the other files or the board.',
  },
  'flash/chip-revision': {
    kind: 'input',
    meaning: 'An image does not run on the chip revision of the board.',
  },
  'flash/encrypted-board': {
    kind: 'input',
    meaning: 'Flash encryption is on, so that plain files would not boot.',
  },
  'flash/unsigned': {
    kind: 'input',
    meaning: 'Secure boot is on, and an image is not signed.',
  },
  'flash/table-mismatch': {
    kind: 'input',
    meaning: 'The partition table on the board is not the one that the plan goes by.',
  },
  'flash/table-replaced': {
    kind: 'warning',
    meaning: 'The board has another partition table, and data on it is lost with that.',
  },
  'flash/would-not-boot': {
    kind: 'input',
    meaning: 'An app is written, but the bootloader would start another slot.',
  },
  'flash/bad-backup': {
    kind: 'input',
    meaning: 'The file is no backup of a board, or a damaged one.',
  },
  'flash/other-board': {
    kind: 'input',
    meaning: 'A backup is of another board than the one it was to be restored to.',
  },
  'flash/plan-refused': {
    kind: 'input',
    meaning: 'Nothing was written, because the files do not fit the board; the reasons are listed.',
  },
} as const satisfies CodeCatalogue;

/** One of {@link FLASH_CODES}. */
export type FlashCode = keyof typeof FLASH_CODES;

/** Thrown by everything that talks to a board or plans to. */
export class FlashError extends OtakitError {
  constructor(code: ThrowableCode<typeof FLASH_CODES>, message: string, context?: ErrorContext) {
    super(FLASH_CODES, code, message, context);
  }
}

/** Something that ROM, bootloader or application said was wrong, in plain words. */
export interface BootFault {
  readonly kind: string;
  /** What is wrong, as a sentence without its end. */
  readonly meaning: string;
  /** What to do about it, as a sentence. */
  readonly hint: string;
}

interface KnownFault extends BootFault {
  readonly pattern: RegExp;
}

const EMPTY_SLOT = 'Flash an app into its slot: `otakit flash app IMAGE`.';
const READ_BACKTRACE = 'Give the .elf of this build as --elf to see where.';

/**
 * What they say, the most telling first: of several complaints in one boot the earliest here is the
 * cause and the others are what came of it.
 */
const FAULTS: readonly KnownFault[] = [
  {
    kind: 'brownout',
    pattern: /Brownout detector was triggered/i,
    meaning: 'the supply voltage drops too low',
    hint: 'Use a better cable or supply: the radio draws 500 mA for moments.',
  },
  {
    kind: 'empty-flash',
    pattern: /invalid header: 0xffffffff|flash read err, 1000/,
    meaning: 'there is no bootloader: the flash is empty where the ROM looks for one',
    hint: 'Flash a merged image (`otakit flash write`); an app image alone does not boot.',
  },
  {
    kind: 'no-bootloader',
    pattern: /invalid header: 0x|\bcsum err:0x|ets_main\.c \d+/,
    meaning: 'what is where the ROM looks for the bootloader is none, or is damaged',
    hint: 'Something was written at the wrong offset, or for another chip. Flash a merged image.',
  },
  {
    kind: 'flash-too-small',
    pattern: /exceeds flash chip size/,
    meaning: 'the partition table reaches past the flash size that the bootloader was built for',
    hint: 'Set the flash size in the image header (`otakit image patch-header`), or take a smaller table.',
  },
  {
    kind: 'flash-detected-smaller',
    pattern: /Detected size\(\d+k\) smaller than the size in the binary image header/,
    meaning: 'the flash chip is smaller than the image was built for',
    hint: 'Build for the flash size of this board.',
  },
  {
    kind: 'wrong-chip',
    pattern: /mismatch chip ID|Image requires chip rev/,
    meaning: 'the image was built for another chip, or another revision of it',
    hint: 'Build for this chip, and check with `otakit image info`.',
  },
  {
    kind: 'secure-boot',
    pattern: /secure boot.*(?:verification )?failed|signature verification failed/i,
    meaning: 'the image is not signed with a key that this chip trusts',
    hint: 'Sign it with the key whose digest is in the eFuses.',
  },
  {
    kind: 'bad-table',
    pattern: /flash_parts: .*(?:MD5|magic|invalid)|load partition table error/,
    meaning: 'the partition table in the flash is missing or damaged',
    hint: 'Flash the table again at its offset (0x8000 unless configured otherwise).',
  },
  {
    kind: 'empty-slot',
    pattern: /has invalid magic byte|No bootable app partitions/,
    meaning: 'no app slot holds an app',
    hint: EMPTY_SLOT,
  },
  {
    kind: 'bad-image',
    pattern: /esp_image: (?:Checksum failed|Image hash failed|invalid segment|.*image corrupted)/,
    meaning: 'the app image in the flash is damaged',
    hint: EMPTY_SLOT,
  },
  {
    kind: 'stack-overflow',
    pattern: /A stack overflow in task .* has been detected/,
    meaning: 'a task overflowed its stack',
    hint: 'Give that task more stack, or keep large arrays off it.',
  },
  {
    kind: 'heap-corruption',
    pattern: /CORRUPT HEAP/,
    meaning: 'the heap was overwritten',
    hint: READ_BACKTRACE,
  },
  {
    kind: 'interrupt-watchdog',
    pattern: /Interrupt wdt timeout/,
    meaning: 'interrupts were off for too long',
    hint: READ_BACKTRACE,
  },
  {
    kind: 'task-watchdog',
    pattern: /Task watchdog got triggered/,
    meaning: 'a task did not let the idle task run (task watchdog)',
    hint: 'Let long loops wait (vTaskDelay), or feed the watchdog.',
  },
  {
    kind: 'assert',
    pattern: /^assert failed: /,
    meaning: 'an assertion of the program failed',
    hint: READ_BACKTRACE,
  },
  {
    kind: 'rust-panic',
    pattern: /^thread '.*' panicked at /,
    meaning: 'the program panicked',
    hint: READ_BACKTRACE,
  },
  {
    kind: 'abort',
    pattern: /abort\(\) was called at PC|ESP_ERROR_CHECK failed/,
    meaning: 'the program gave up (abort)',
    hint: READ_BACKTRACE,
  },
  {
    kind: 'panic',
    pattern: /Guru Meditation Error/,
    meaning: 'the program crashed (Guru Meditation)',
    hint: READ_BACKTRACE,
  },
];

/** What a line without colours complains of; `null` where it complains of nothing that is known. */
export function findBootFault(text: string): BootFault | null {
  return FAULTS.find(({ pattern }) => pattern.test(text)) ?? null;
}

/** The graver of two: the one that explains the other. */
export function rootFault(a: BootFault | null, b: BootFault | null): BootFault | null {
  const rank = (fault: BootFault | null) =>
    fault === null ? FAULTS.length : FAULTS.findIndex(({ kind }) => kind === fault.kind);
  return rank(b) < rank(a) ? b : a;
}

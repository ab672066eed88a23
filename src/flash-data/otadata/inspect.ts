import type { Issue } from '../../shared/index.ts';
import { type OtadataCode, OtadataError } from '../codes.ts';
import type { BootPartition, BootTable } from './boot-slots.ts';
import { type BootChoice, type BootOptions, chooseBootSlot } from './choose-boot-slot.ts';
import { explainBootChoice } from './explain.ts';
import { type Otadata, parseOtadata, validateOtadata } from './parse.ts';
import { SECTOR_SIZE_BYTES } from './record.ts';

/** What an otadata partition says, or why it cannot be read. */
export type OtadataInspection<Entry extends BootPartition = BootPartition> =
  | {
      readonly kind: 'otadata';
      readonly otadata: Otadata;
      readonly choice: BootChoice<Entry>;
      /** {@link BootChoice.reason} as a sentence. */
      readonly why: string;
      readonly issues: readonly Issue<OtadataCode>[];
    }
  | { readonly kind: 'unreadable'; readonly issues: readonly Issue<OtadataCode>[] };

/** {@link parseOtadata}, {@link validateOtadata} and {@link chooseBootSlot} in one; never throws. */
export function inspectOtadata<Entry extends BootPartition>(
  bytes: Uint8Array,
  table: BootTable<Entry>,
  options: BootOptions = {},
): OtadataInspection<Entry> {
  let otadata: Otadata;
  try {
    otadata = parseOtadata(bytes);
  } catch (error) {
    if (!(error instanceof OtadataError)) throw error;
    const { message, hint = '' } = error;
    const code = 'otadata/wrong-size';
    return { kind: 'unreadable', issues: [{ code, severity: 'error', message, hint }] };
  }
  const choice = chooseBootSlot(otadata, table, options);
  const issues = [...validateOtadata(otadata), ...choiceIssues(choice)];
  return { kind: 'otadata', otadata, choice, why: explainBootChoice(choice, otadata), issues };
}

function choiceIssues(choice: BootChoice): readonly Issue<OtadataCode>[] {
  const issues = choice.writes
    .filter((write) => write.state === 'aborted')
    .map(({ record }): Issue<OtadataCode> => ({
      code: 'otadata/will-abort',
      severity: 'warning',
      message: `record ${record} waits for its app to confirm itself; the next boot marks it aborted`,
      hint: 'If the app is good, mark it: `otakit otadata mark --state valid`.',
      location: { kind: 'binary', fileOffset: record * SECTOR_SIZE_BYTES },
    }));
  if (choice.boots === null) {
    issues.push({
      code: 'otadata/nothing-boots',
      severity: 'error',
      message: 'the partition table has no app that the bootloader could start',
      hint: 'Give the table a factory app or OTA slots.',
    });
  }
  return issues;
}

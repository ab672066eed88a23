import { z } from 'zod';
import { isChosenId, LONGEST_VERSION } from '../../fleet/index.ts';
import { printable } from '../../shared/index.ts';

/** What devices report of themselves without naming a package. */
export const MAIN_PACKAGE = 'main';

/** Ids of packages, devices, artifacts: what can be one at all, before it is looked up. */
export const identifier = z
  .string()
  .min(1)
  .max(64)
  .refine(isChosenId, 'must be letters, digits and . _ : -');

/** A version as a device has it: printable. */
export const versionText = z
  .string()
  .trim()
  .min(1)
  .max(LONGEST_VERSION)
  // oxlint-disable-next-line no-control-regex -- keeping them out is the purpose
  .regex(/^[^\u0000-\u001f\u007f-\u009f]*$/, 'must be printable');

/** A whole number as JSON has it, or in digits, as it comes out of text. */
export function wholeNumber(most: number) {
  const digits = z
    .string()
    .regex(/^\d{1,15}$/, 'must be a whole number')
    .transform(Number)
    .refine((value) => value <= most, `must be ${most} or less`);
  return z.union([z.int().min(0).max(most), digits]);
}

/** A number that is higher at each boot: a counter in NVS, or the time of the boot. */
export const bootCount = wholeNumber(Number.MAX_SAFE_INTEGER);

/** A SHA-256 in hex; Arduino and Tasmota write it in upper case. */
export const sha256Text = z
  .string()
  .regex(/^[0-9a-f]{64}$/i, 'must be 64 hex digits')
  .transform((text) => text.toLowerCase());

const LONGEST_ERROR = 512;

/** Why something failed, in the words of a device: made printable and cut rather than refused. */
export const errorText = z
  .string()
  .max(16 * 1024)
  .transform((text) => text.split('\n').map(printable).join('\n').slice(0, LONGEST_ERROR));

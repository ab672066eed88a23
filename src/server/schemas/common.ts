import { z } from 'zod';
import { LONGEST_VERSION } from '../../fleet/index.ts';

/** A moment, in milliseconds since the Unix epoch. */
export const moment = z.int().min(0);
/** Rises with every change; what `If-Match` is compared with. */
export const revision = z.int().min(0);
/** An id that a person chose. */
export const chosenId = z
  .string()
  .regex(
    /^[A-Za-z0-9][A-Za-z0-9._:-]{0,63}$/,
    'must be 1 to 64 letters, digits and . _ : -, a letter or digit first',
  );
/** An id in a path or a reference: what does not exist is answered with 404, whatever it looks like. */
export const anyId = z.string().min(1).max(200);
/** What something is for, in the words of people. */
export const description = z.string().max(1000);
/** What is new in a version; short enough for a query, where an upload has it. */
export const releaseNotes = z.string().max(4096);
/** A SHA-256 in lower-case hex. */
export const sha256 = z.string().regex(/^[0-9a-f]{64}$/, 'must be 64 hex digits in lower case');
/** A version of a package: semver or any other string. */
export const version = z.string().min(1).max(LONGEST_VERSION);
/** What a new deployment shall have. */
export const components = z
  .array(z.string().min(1).max(200))
  .min(1)
  .max(100)
  .describe('Artifact ids, or `package@version` where that is one artifact.');
/** Facts of any form. */
export const facts = z.record(z.string(), z.unknown());

/** One page of a list. */
export function pageOf<Item extends z.ZodType>(item: Item) {
  return z.object({
    list: z.array(item),
    page: z.int().min(0),
    perPage: z.int().min(1),
    total: z.int().min(0),
  });
}

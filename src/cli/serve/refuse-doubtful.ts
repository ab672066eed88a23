import { ServeError } from '../../serve/index.ts';
import type { Issue } from '../../shared/index.ts';
import type { LoadedImage } from './load-image.ts';
import type { ServedBefore } from './serve-history.ts';
import type { ServeArguments } from './serve-options.ts';

/**
 * What a device could take but is hardly meant: refused unless `--force`, and then a warning.
 *
 * @throws ServeError `serve/no-partition-table`, `serve/tag-reused`
 */
export function refuseDoubtful(
  { partitions, tag, force, for: audience }: ServeArguments,
  { sha256 }: LoadedImage,
  before: ServedBefore | null,
): readonly Issue[] {
  const doubts: ServeError[] = [];
  if (partitions === undefined) {
    doubts.push(
      new ServeError(
        'serve/no-partition-table',
        'no partition table was given: whether the image fits into its slot is not known',
        { hint: 'Name the table of the devices with --partitions; --force serves without.' },
      ),
    );
  }
  const isReused = tag !== undefined && before?.tag === tag && before.sha256 !== sha256;
  if (isReused && audience === 'micro-rdk') {
    doubts.push(
      new ServeError(
        'serve/tag-reused',
        `another build was served under the tag ${JSON.stringify(tag)} before, and devices that have it would not update`,
        {
          hint: 'Leave --tag out for one of its own, or choose another; --force serves all the same.',
          details: { tag },
        },
      ),
    );
  }
  const [first] = doubts;
  if (first !== undefined && force !== true) throw first;
  return doubts.map(({ code, message, hint = '' }) => ({
    code,
    severity: 'warning',
    message,
    hint,
  }));
}

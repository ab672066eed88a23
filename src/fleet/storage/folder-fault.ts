import { FleetError } from '../codes.ts';
import { faultOf } from './sqlite.ts';

/** What the file system says of a path that is no folder of ours to use. */
const REFUSALS: ReadonlySet<unknown> = new Set([
  'EACCES',
  'EEXIST',
  'EISDIR',
  'ELOOP',
  'ENAMETOOLONG',
  'ENOENT',
  'ENOTDIR',
  'EPERM',
  'EROFS',
]);

/** What opening a data folder threw, with what is wrong with the folder by its name. */
export function asFolderFault(error: unknown, folder: string): unknown {
  if (!(error instanceof Error) || error instanceof FleetError) return error;
  const context = { details: { folder }, cause: error };
  const fault = faultOf(error);
  if (fault === 'damaged') {
    return new FleetError(
      'fleet/data-damaged',
      `The database in ${folder} is damaged: ${error.message}.`,
      {
        hint: 'Put fleet.db and its neighbours elsewhere, start anew, and restore a backup.',
        ...context,
      },
    );
  }
  if (fault === null && !REFUSALS.has((error as NodeJS.ErrnoException).code)) return error;
  return new FleetError(
    'fleet/folder-unusable',
    `The data folder ${folder} cannot be used: ${error.message}.`,
    {
      hint: 'Name a folder that you may write in with --data.',
      ...context,
    },
  );
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  ENOTDIR: 'there is no such folder',
  EISDIR: 'it is not a regular file',
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  EROFS: 'the disk is read-only',
  ENOSPC: 'the disk is full',
  ELOOP: 'its symbolic links go round in a circle',
};

/** Why something could not be done with a file, in words, from what the system threw. */
export function fileErrorReason(cause: unknown): string {
  const { code, message } = cause as { readonly code?: string; readonly message?: string };
  return REASONS[code ?? ''] ?? message ?? String(cause);
}

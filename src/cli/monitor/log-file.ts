import { type FileHandle, open } from 'node:fs/promises';
import { CliError } from '../codes.ts';

/** A file that whole lines are appended to, each by one write, so that several writers do not mix. */
export interface LogFile extends AsyncDisposable {
  append(text: string): void;
  /** Rejects when a write failed; never resolves. */
  readonly failed: Promise<never>;
}

/** @throws CliError `cli/file-not-writable` */
export async function openLogFile(path: string): Promise<LogFile> {
  let file: FileHandle;
  try {
    file = await open(path, 'a');
  } catch (cause) {
    throw notWritable(path, cause);
  }
  const failure = Promise.withResolvers<never>();
  // Heard by whoever runs the monitor; without a listener of its own it would end the process.
  failure.promise.catch(() => {});
  let last: Promise<void> = Promise.resolve();
  return {
    failed: failure.promise,
    append: (text) => {
      last = last
        .then(() => file.appendFile(text))
        .catch((cause: unknown) => failure.reject(notWritable(path, cause)));
    },
    [Symbol.asyncDispose]: async () => {
      await last;
      await file.close();
    },
  };
}

function notWritable(path: string, cause: unknown): CliError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new CliError('cli/file-not-writable', `${path} cannot be written: ${reason}`, {
    hint: 'Check that the folder exists, that you may write there, and that the disk is not full.',
    details: { path },
    cause,
  });
}

import { access } from 'node:fs/promises';
import { accessTo, type Access } from './access.ts';
import { TransportError } from './codes.ts';

/** ENOTTY, in the system's words. */
const NO_SERIAL_PORT = /inappropriate ioctl|not a typewriter/i;

/** Why a port did not open, from what serialport said and from what the port looks like. */
export async function describeOpenFailure(path: string, cause: Error): Promise<TransportError> {
  const seen = await accessTo(path);
  // Who has such a file open does not matter.
  if (NO_SERIAL_PORT.test(cause.message)) {
    return new TransportError('transport/port-failed', `${path} is no serial port`, {
      hint: '`otakit ports` lists those that there are.',
      details: { target: path, access: seen },
      cause,
    });
  }
  const kind = seen.kind === 'ok' ? await kindFromMessage(path, cause.message) : seen.kind;
  const context = { details: { target: path, access: seen }, cause };
  switch (kind) {
    case 'missing':
      return new TransportError('transport/port-missing', `there is no port ${path}`, {
        ...context,
        hint: hintOf(seen) ?? 'Plug the board in; `otakit ports` lists what is there.',
      });
    case 'denied':
      return new TransportError('transport/port-denied', `you may not open ${path}`, {
        ...context,
        hint: hintOf(seen) ?? 'Check the permissions of the port.',
      });
    case 'busy':
      return new TransportError('transport/port-busy', `${path} is in use${holderOf(seen)}`, {
        ...context,
        hint: hintOf(seen) ?? 'Close the serial monitor or IDE that has it open.',
      });
    case 'other':
      return new TransportError(
        'transport/port-failed',
        `${path} cannot be opened (${cause.message})`,
        { ...context, hint: 'Check that it is a serial port, and that --baud is one it can do.' },
      );
  }
}

function hintOf(seen: Access): string | undefined {
  return seen.kind === 'ok' ? undefined : seen.hint;
}

function holderOf(seen: Access): string {
  return seen.kind === 'busy' ? ` by ${seen.holder.name} (pid ${seen.holder.pid})` : '';
}

/** serialport gives no error codes, only the system's words. */
async function kindFromMessage(
  path: string,
  message: string,
): Promise<'missing' | 'denied' | 'busy' | 'other'> {
  if (/No such file|File not found|cannot find/i.test(message)) return 'missing';
  if (/lock|busy|temporarily unavailable/i.test(message)) return 'busy';
  // Windows says "Access denied" for a port that another program has open.
  if (/denied|not permitted/i.test(message))
    return process.platform === 'win32' ? 'busy' : 'denied';
  if (process.platform === 'win32') return 'other';
  return access(path).then(
    () => 'other',
    () => 'missing',
  );
}

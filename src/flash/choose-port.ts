import { listPorts, type PortInfo } from '../transport/index.ts';
import { FlashError } from './codes.ts';

/** The ports of this machine that boards are probably on: those on USB. */
export async function boardPorts(
  list: () => Promise<readonly PortInfo[]> = listPorts,
): Promise<readonly string[]> {
  return (await list()).filter(({ usb }) => usb !== null).map(({ path }) => path);
}

/**
 * The only board that is plugged in.
 *
 * @throws FlashError `flash/no-board` where there is none, or more than one
 */
export async function onlyBoardPort(
  list: () => Promise<readonly PortInfo[]> = listPorts,
): Promise<string> {
  const ports = await boardPorts(list);
  const [only] = ports;
  if (only !== undefined && ports.length === 1) return only;
  throw ports.length === 0
    ? new FlashError('flash/no-board', 'there is no board on a USB serial port', {
        hint: 'Plug it in with a data cable (`otakit ports` lists what is there), or name it: --port.',
      })
    : new FlashError('flash/no-board', `there are ${ports.length} boards: ${ports.join(', ')}`, {
        hint: 'Say which one: --port.',
        details: { ports },
      });
}

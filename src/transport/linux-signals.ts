import type { SerialPort } from 'serialport';
import type { Signals } from './link.ts';

const TIOCMGET = 0x5415;
const TIOCMSET = 0x5418;
const TIOCM_DTR = 0x002;
const TIOCM_RTS = 0x004;

/**
 * Sets both lines by one TIOCMSET of our own, on Linux.
 *
 * serialport sends a break ioctl before it sets the lines, and gives up where the driver has none
 * (CDC-ACM: CH343, CH347, native USB). The descriptor is the same; only the ioctl is ours.
 *
 * @throws Error with the errno where the driver has no modem lines, or the system is not Linux
 */
export async function setLinuxSignals(port: SerialPort, { dtr, rts }: Signals): Promise<void> {
  if (process.platform !== 'linux') throw new Error('only Linux has this way around');
  const descriptor = descriptorOf(port);
  const { default: koffi } = await import('koffi');
  const ioctl = koffi
    .load('libc.so.6')
    .func('int ioctl(int fd, unsigned long request, _Inout_ int *bits)');
  const bits = [0];
  const request = (code: number) => {
    if ((ioctl(descriptor, code, bits) as number) < 0) {
      throw new Error(`ioctl 0x${code.toString(16)} failed with errno ${koffi.errno()}`);
    }
  };
  request(TIOCMGET);
  const others = (bits[0] ?? 0) & ~(TIOCM_DTR | TIOCM_RTS);
  bits[0] = others | (dtr ? TIOCM_DTR : 0) | (rts ? TIOCM_RTS : 0);
  request(TIOCMSET);
}

function descriptorOf(port: SerialPort): number {
  const binding: unknown = port.port;
  if (typeof binding === 'object' && binding !== null && 'fd' in binding) {
    if (typeof binding.fd === 'number') return binding.fd;
  }
  throw new Error('the port has no descriptor');
}

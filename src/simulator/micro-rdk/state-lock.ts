import { readFile, rm, writeFile } from 'node:fs/promises';
import { SimulatorError } from '../codes.ts';

/**
 * Keeps two processes from running one device: a file with the process id, which is taken over when
 * that process is gone.
 *
 * @throws SimulatorError `simulator/state-unusable`
 */
export async function lockState(path: string): Promise<AsyncDisposable> {
  const takeLock = () => writeFile(path, `${process.pid}\n`, { flag: 'wx' });
  try {
    await takeLock();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    const owner = Number(await readFile(path, 'utf8'));
    if (isRunning(owner)) {
      throw new SimulatorError(
        'simulator/state-unusable',
        `the device is switched on already, by process ${owner}`,
        {
          hint: 'Stop that process, or give this device a --state folder of its own.',
          details: { path, processId: owner },
        },
      );
    }
    await rm(path);
    await takeLock();
  }
  return { [Symbol.asyncDispose]: () => rm(path, { force: true }) };
}

function isRunning(processId: number): boolean {
  if (!Number.isInteger(processId) || processId <= 0) return false;
  try {
    // Signal 0 only asks.
    process.kill(processId, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

import { createHash, randomBytes } from 'node:crypto';
import { readdir, readFile, readlink, rm } from 'node:fs/promises';
import { hostname } from 'node:os';
import { basename, dirname, join } from 'node:path';

/**
 * A name beside a file for what is to replace it. It says which process writes there, so that what is
 * left of one that was killed can be told from what a running one still needs.
 */
export async function temporaryName(path: string): Promise<string> {
  const writer = `${await processSpace()}-${process.pid}`;
  return `${path}.${writer}-${randomBytes(RANDOM_BYTES).toString('hex')}.tmp`;
}

/**
 * Removes what killed processes left beside a file. What a process of another machine, or of another
 * container, left there stays: whether that one still runs cannot be seen from here.
 */
export async function removeLeftovers(path: string): Promise<void> {
  const folder = dirname(path);
  const start = `${basename(path)}.`;
  try {
    const space = await processSpace();
    const names = await readdir(folder);
    const left = names.filter((name) => {
      const writer = name.startsWith(start) ? WRITER.exec(name.slice(start.length)) : null;
      return writer !== null && writer[1] === space && !isRunning(Number(writer[2]));
    });
    await Promise.all(left.map((name) => rm(join(folder, name), { force: true })));
  } catch {
    // A folder that cannot be listed, or a file of somebody else: nothing that keeps from writing.
  }
}

const RANDOM_BYTES = 6;
const WRITER = /^([0-9a-f]{8})-(\d{1,10})-[0-9a-f]{12}\.tmp$/;

let space: Promise<string> | null = null;

/** Where the id of a process means one process: a machine or, on Linux, a container on it. */
function processSpace(): Promise<string> {
  const unknown = () => '';
  space ??= Promise.all([
    readFile('/etc/machine-id', 'utf8').catch(unknown),
    readlink('/proc/self/ns/pid').catch(unknown),
  ]).then((found) =>
    createHash('sha256')
      .update([hostname(), ...found].join('\n'))
      .digest('hex')
      .slice(0, 8),
  );
  return space;
}

function isRunning(processId: number): boolean {
  try {
    // Signal 0 only asks.
    process.kill(processId, 0);
    return true;
  } catch (thrown) {
    return (thrown as NodeJS.ErrnoException).code === 'EPERM';
  }
}

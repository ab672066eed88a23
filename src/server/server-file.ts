import { randomBytes } from 'node:crypto';
import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';

const FILE = 'server.json';

const shape = z.object({ url: z.string(), pid: z.int().positive(), token: z.string() });

/** How commands on the same machine find the server that runs on a data folder. */
export type ServerFile = Readonly<z.output<typeof shape>>;

/** Written by a server when it listens, for the eyes of its user only. */
export async function writeServerFile(dataFolder: string, contents: ServerFile): Promise<void> {
  const path = join(dataFolder, FILE);
  const temporary = `${path}.${randomBytes(4).toString('hex')}.tmp`;
  await writeFile(temporary, `${JSON.stringify(contents)}\n`, { mode: 0o600, flag: 'wx' });
  await rename(temporary, path);
}

/** Taken back when it stops; that of another server stays. */
export async function removeServerFile(dataFolder: string, pid: number): Promise<void> {
  if ((await readFileIn(dataFolder))?.pid === pid) {
    await rm(join(dataFolder, FILE), { force: true });
  }
}

/**
 * The server that runs on a data folder; `null` where none does, or the one that wrote the file was
 * killed. Whether it still answers is for the caller to find out.
 */
export async function readServerFile(dataFolder: string): Promise<ServerFile | null> {
  const contents = await readFileIn(dataFolder);
  return contents !== null && isAlive(contents.pid) ? contents : null;
}

async function readFileIn(dataFolder: string): Promise<ServerFile | null> {
  try {
    const text = await readFile(join(dataFolder, FILE), 'utf8');
    return shape.parse(JSON.parse(text));
  } catch {
    // Missing, cut off or not ours: nobody can be reached by it.
    return null;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

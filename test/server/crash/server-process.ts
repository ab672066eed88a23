import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout } from 'node:timers/promises';
import { REPOSITORY } from '../../support/source-files.ts';

/** `otakit server` as a process of its own, on a folder, to be killed. */
export interface ServerProcess extends AsyncDisposable {
  /** The line that says where it listens; `null` when it was killed before. */
  readonly listening: Promise<{ readonly url: string; readonly firstToken: string | null } | null>;
  /** Resolves once it has taken the folder for itself: from then on it may write there. */
  hasFolder(): Promise<void>;
  readonly pid: number;
  readonly isKilled: boolean;
  /** `SIGKILL`: nothing in the process has a say in it. Resolves when it is gone. */
  kill(): Promise<void>;
  /** `SIGTERM`, its normal end; resolves to its exit code. */
  stop(): Promise<number | null>;
  /** What it wrote to standard error: warnings and faults as JSON lines. */
  readonly log: string;
}

/**
 * Compiled once for all of the processes, so that a restart takes as long as loading does. What is killed
 * leaves nothing here: {@link compileServer}.
 */
const COMPILED = join(tmpdir(), 'otakit-test-compiled');

/** Starts and stops a server, since only a process that ends by itself keeps what it compiled. */
export async function compileServer(): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'otakit-crash-'));
  try {
    await using server = startServer(folder);
    await server.listening;
    await server.stop();
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** @param launcher a command that runs what follows it, such as one that gives it a small disk */
export function startServer(
  folder: string,
  level = 'warn',
  launcher: readonly string[] = [],
): ServerProcess {
  const program = [join(REPOSITORY, 'src/main.ts'), 'server', '--data', folder];
  const [command, ...before] = [...launcher, process.execPath];
  const child = spawn(
    command,
    [
      ...before,
      ...program,
      '--port',
      '0',
      '--bind',
      '127.0.0.1',
      '--allow-private-uris',
      '--log',
      level,
      '--json',
    ],
    {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, NODE_COMPILE_CACHE: COMPILED, OTAKIT_DEBUG: '' },
    },
  );
  let log = '';
  let isKilled = false;
  child.stderr.setEncoding('utf8').on('data', (text: string) => (log += text));
  const ended = new Promise<number | null>((resolve) => {
    child.once('close', (code) => resolve(code));
  });
  const listening = new Promise<{ url: string; firstToken: string | null } | null>(
    (resolve, reject) => {
      createInterface(child.stdout).once('line', (line) =>
        resolve(JSON.parse(line) as { url: string; firstToken: string | null }),
      );
      child.once('close', (code) => {
        if (isKilled) resolve(null);
        else reject(new Error(`otakit server ended with ${code} by itself:\n${log}`));
      });
    },
  );
  // Whoever kills it while it starts does not wait for it to listen.
  listening.catch(() => {});
  const kill = async () => {
    isKilled = true;
    child.kill('SIGKILL');
    await ended;
  };
  return {
    listening,
    hasFolder: async () => {
      const pidFile = join(folder, 'lock.pid');
      while (Number(await readFile(pidFile, 'utf8').catch(() => '')) !== child.pid) {
        if (child.exitCode !== null) throw new Error(`otakit server ended:\n${log}`);
        await setTimeout(1);
      }
    },
    pid: child.pid ?? 0,
    get isKilled() {
      return isKilled;
    },
    kill,
    stop: () => {
      child.kill('SIGTERM');
      return ended;
    },
    get log() {
      return log;
    },
    [Symbol.asyncDispose]: kill,
  };
}

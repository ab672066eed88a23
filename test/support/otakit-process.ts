import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { join } from 'node:path';
import { REPOSITORY } from './source-files.ts';

type JsonEvent = Readonly<Record<string, unknown>>;

/** otakit as a process of its own, with `--json`: its events as they come. */
export interface OtakitProcess extends AsyncDisposable {
  /** The next event of this name; rejects when the process ends before it. */
  event(name: string): Promise<JsonEvent>;
  /** Asks it to end, as Ctrl-C does. */
  interrupt(): void;
  /** Its exit code. */
  readonly ended: Promise<number | null>;
}

/** Starts `otakit …` from the sources. */
export function startOtakit(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): OtakitProcess {
  const child = spawn(process.execPath, [join(REPOSITORY, 'src/main.ts'), ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, OTAKIT_DEBUG: '', ...env },
  });
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const ended = new Promise<number | null>((resolve) => {
    child.once('close', resolve);
  });
  const waiting: JsonEvent[] = [];
  const wanted: { name: string; resolve: (event: JsonEvent) => void }[] = [];
  createInterface(child.stdout).on('line', (line) => {
    const event = JSON.parse(line) as JsonEvent;
    const index = wanted.findIndex(({ name }) => name === event['event']);
    if (index < 0) waiting.push(event);
    else wanted.splice(index, 1)[0]?.resolve(event);
  });
  return {
    ended,
    event: (name) => {
      const index = waiting.findIndex((event) => event['event'] === name);
      const found = waiting[index];
      if (found !== undefined) {
        waiting.splice(0, index + 1);
        return Promise.resolve(found);
      }
      return new Promise((resolve, reject) => {
        wanted.push({ name, resolve });
        void ended.then((code) =>
          reject(new Error(`otakit ended with ${code} before "${name}":\n${stderr}`)),
        );
      });
    },
    interrupt: () => {
      child.kill('SIGINT');
    },
    [Symbol.asyncDispose]: async () => {
      child.kill('SIGKILL');
      await ended;
    },
  };
}

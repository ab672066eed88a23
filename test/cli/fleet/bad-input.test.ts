import { Readable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Command } from 'commander';
import { NOUNS } from '../../../src/cli/nouns.ts';
import { createProgram } from '../../../src/cli/program.ts';
import { type FolderServer, openFolderServer } from '../../../src/server/index.ts';
import { systemClock } from '../../../src/shared/index.ts';
import { otakit } from '../../support/cli.ts';

/** Empty, a path, too long, a number that none is, what a terminal or a file system might obey. */
const HOSTILE = [
  '',
  ' ',
  '../../x',
  '/etc/passwd',
  'x'.repeat(5000),
  '99999999999999999999',
  '1e400',
  '__proto__',
  '\u001b[31mred',
  'a\u0000b',
  'zwölf 🦊',
  '{"a":1}',
  'file:///etc/passwd',
];
/** Where the fleet is, and how the answer is printed: another matter than what is asked. */
const COMMON = new Set(['server', 'tokenFile', 'data', 'json', 'help']);
/** Files that are written: any name that can be written to is right. */
const WRITTEN = new Set(['secretFile', 'output']);
const names = (NOUNS['Fleet:'] ?? []).map(({ name }) => name).filter((name) => name !== 'server');

let root: string;
let folder: string;
let server: FolderServer;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'otakit-'));
  folder = join(root, 'fleet');
  // One server for all commands, which find it by the folder.
  server = await openFolderServer({
    folder,
    port: 0,
    bind: '127.0.0.1',
    clock: systemClock,
    version: '0.0.0',
    limits: { tokenRate: { burst: 100_000, perSecond: 10_000 } },
    announced: true,
  });
});
afterAll(async () => {
  await server.stop(0);
  await rm(root, { recursive: true });
});

/** The command of a noun, with its verbs. */
async function commandOf(name: string): Promise<Command> {
  const stdin = Readable.from([]);
  const quiet = { write: () => true };
  const { signal } = new AbortController();
  const context = { stdout: quiet, stderr: quiet, stdin, env: {}, signal };
  const program = await createProgram({ context, setExitCode: () => {} }, [name]);
  const noun = program.commands.find((command) => command.name() === name);
  if (noun === undefined) throw new Error(`no noun ${name}`);
  return noun;
}

/** Each way to call a verb with one hostile value in one place, or in all that must be there. */
function calls(command: Command, words: readonly string[]): readonly (readonly string[])[] {
  const required = command.registeredArguments.filter((argument) => argument.required);
  const takesValue = command.options.filter(
    (option) => !option.isBoolean() && !COMMON.union(WRITTEN).has(option.attributeName()),
  );
  const mandatory = takesValue.filter((option) => option.mandatory);
  const call = (value: string, more: readonly string[] = []) => [
    ...words,
    ...mandatory.map((option) => `${option.long ?? ''}=${value}`),
    ...more,
    '--',
    ...required.map(() => value),
  ];
  return HOSTILE.flatMap((value) => [
    call(value),
    ...takesValue
      .filter((option) => !option.mandatory)
      .map((option) => call('nothing', [`${option.long ?? ''}=${value}`])),
  ]);
}

/** How much was ever changed: each change leaves an entry, in the same transaction. */
async function changes(): Promise<number> {
  const headers = { Authorization: `Bearer ${server.localToken}` };
  const answer = await fetch(`${server.url}/api/v1/audit?perPage=1`, { headers });
  return ((await answer.json()) as { total: number }).total;
}

describe('hostile values on the command line', () => {
  it('there are nouns to try', () => {
    expect(names.length).toBeGreaterThanOrEqual(14);
  });

  it.each(names)('otakit %s: a code and the right exit status, and no trace', async (name) => {
    const noun = await commandOf(name);
    const verbs = noun.commands.filter((command) => command.name() !== 'help');
    const tried = [
      ...(verbs.length === 0 ? calls(noun, [name]) : []),
      ...verbs.flatMap((verb) => calls(verb, [name, verb.name()])),
    ];
    expect(tried.length).toBeGreaterThan(0);
    const bad: unknown[] = [];
    for (const args of tried) {
      const at = args.indexOf('--');
      const line = [...args.slice(0, at), '--data', folder, ...args.slice(at)];
      const before = await changes();
      const { exitCode, stdout, stderr } = await otakit(line);
      const traces = exitCode === 0 ? 0 : (await changes()) - before;
      const stack = /^\s+at .*:\d+:\d+\)?$/m.test(stderr);
      // oxlint-disable-next-line no-control-regex -- finding control characters is the purpose
      const control = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/.test(stdout + stderr);
      const coded = /error [a-z-]+\/[a-z0-9-]+: /.test(stderr);
      const answered = exitCode === 0 || ([2, 3, 5, 6].includes(exitCode) && coded);
      if (stack || control || !answered || traces !== 0) {
        bad.push({
          args: args.map((arg) => arg.slice(0, 60)),
          exitCode,
          traces,
          stderr: stderr.slice(0, 300),
        });
      }
    }
    expect(bad).toEqual([]);
  });

  it('no file was left by it', async () => {
    expect(await readdir(root)).toEqual(['fleet']);
    expect(await readdir(join(folder, 'blobs/incoming'))).toEqual([]);
  });
});

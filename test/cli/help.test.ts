import { Readable } from 'node:stream';
import type { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { NOUNS } from '../../src/cli/nouns.ts';
import { createProgram } from '../../src/cli/program.ts';
import { otakit } from '../support/cli.ts';

/** Those of the fleet have a test of their own, which wants more. */
const nouns = Object.entries(NOUNS)
  .filter(([heading]) => heading !== 'Fleet:')
  .flatMap(([, those]) => those.map(({ name }) => name));

/** Every command that does something, with the words that it is called by. */
async function commandsOf(name: string): Promise<readonly [path: string, command: Command][]> {
  const quiet = { write: () => true };
  const { signal } = new AbortController();
  const context = { stdout: quiet, stderr: quiet, stdin: Readable.from([]), env: {}, signal };
  const program = await createProgram({ context, setExitCode: () => {} }, [name]);
  const noun = program.commands.find((command) => command.name() === name);
  if (noun === undefined) throw new Error(`no noun ${name}`);
  const verbs = noun.commands.filter((command) => command.name() !== 'help');
  if (verbs.length === 0) return [[name, noun]];
  return verbs.map((verb) => [`${name} ${verb.name()}`, verb]);
}

describe('the help of every command', () => {
  it.each([...nouns, 'server'])(
    'otakit %s: shows examples, and the shape of its JSON',
    async (noun) => {
      for (const [path, command] of await commandsOf(noun)) {
        const { stdout } = await otakit([...path.split(' '), '--help']);
        expect([path, /^Examples?\b.*:$/m.test(stdout)]).toEqual([path, true]);
        expect([path, new RegExp(`^  .*otakit ${path}\\b`, 'm').test(stdout)]).toEqual([
          path,
          true,
        ]);
        if (!command.options.some(({ long }) => long === '--json')) continue;
        expect([path, /^(?:JSON|With --json)\b.*[:,]/m.test(stdout)]).toEqual([path, true]);
      }
    },
  );
});

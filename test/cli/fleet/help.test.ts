import { Readable } from 'node:stream';
import type { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import type { z } from 'zod';
import * as shapes from '../../../src/cli/fleet/json-shapes.ts';
import { NOUNS } from '../../../src/cli/nouns.ts';
import { createProgram } from '../../../src/cli/program.ts';
import { deviceSchema } from '../../../src/server/schemas/devices.ts';
import {
  rolloutDeviceSchema,
  rolloutLogSchema,
  rolloutSchema,
} from '../../../src/server/schemas/rollouts.ts';
import * as things from '../../../src/server/schemas/things.ts';
import { otakit } from '../../support/cli.ts';

const names = (NOUNS['Fleet:'] ?? []).map(({ name }) => name).filter((name) => name !== 'server');

async function nounOf(name: string): Promise<Command> {
  const quiet = { write: () => true };
  const { signal } = new AbortController();
  const context = { stdout: quiet, stderr: quiet, stdin: Readable.from([]), env: {}, signal };
  const program = await createProgram({ context, setExitCode: () => {} }, [name]);
  const noun = program.commands.find((command) => command.name() === name);
  if (noun === undefined) throw new Error(`no noun ${name}`);
  return noun;
}

/** The words of a line as a shell takes them apart. */
function wordsOf(line: string): readonly string[] {
  const words = line.match(/'[^']*'|"[^"]*"|\S+/g) ?? [];
  return words.map((word) => word.replaceAll(/^['"]|['"]$/g, ''));
}

describe('the help of the fleet', () => {
  it.each(names)(
    'otakit %s: every verb has examples that can be typed, and says its JSON',
    async (name) => {
      const noun = await nounOf(name);
      const verbs = noun.commands.filter((command) => command.name() !== 'help');
      for (const command of verbs.length === 0 ? [noun] : verbs) {
        const path = command === noun ? [name] : [name, command.name()];
        const { stdout } = await otakit([...path, '--help']);
        expect(stdout).toMatch(/^JSON: \S/m);
        const start = `otakit ${path.join(' ')}`;
        const lines = stdout.replaceAll(/ \\\n\s+/g, ' ').split('\n');
        const examples = lines.filter((line) => line.startsWith(`  ${start}`));
        expect([start, examples]).not.toEqual([start, []]);
        for (const example of examples) {
          const typed = wordsOf(example.trim().slice(start.length));
          const { operands, unknown } = command.parseOptions([...typed]);
          expect([example, unknown]).toEqual([example, []]);
          const wanted = command.registeredArguments;
          const least = wanted.filter(({ required }) => required).length;
          const most = wanted.some(({ variadic }) => variadic) ? Infinity : wanted.length;
          expect([example, operands.length >= least && operands.length <= most]).toEqual([
            example,
            true,
          ]);
          expect(() => {
            for (const option of command.options.filter(({ mandatory }) => mandatory)) {
              const isGiven = typed.some((word) => word === option.long || word === option.short);
              if (!isGiven) throw new Error(`${example}: ${option.flags}`);
            }
          }).not.toThrow();
        }
      }
    },
  );

  it.each<[string, string, z.ZodObject]>([
    ['PACKAGE', shapes.PACKAGE, things.packageSchema],
    ['BLUEPRINT', shapes.BLUEPRINT, things.blueprintSchema],
    ['ARTIFACT', shapes.ARTIFACT, things.artifactSchema],
    ['DEPLOYMENT', shapes.DEPLOYMENT, things.deploymentSchema],
    ['COHORT', shapes.COHORT, things.cohortSchema],
    ['RELEASE', shapes.RELEASE, things.releaseSchema],
    ['DEVICE', shapes.DEVICE, deviceSchema],
    ['TAG', shapes.TAG, things.tagSchema],
    ['COMMAND', shapes.COMMAND, things.commandSchema],
    ['KEY', shapes.KEY, things.keySchema],
    ['TOKEN', shapes.TOKEN, things.tokenSchema],
    ['WEBHOOK', shapes.WEBHOOK, things.webhookSchema],
    ['AUDIT_ENTRY', shapes.AUDIT_ENTRY, things.auditSchema],
    ['EVENT', shapes.EVENT, things.eventSchema],
    ['ROLLOUT', shapes.ROLLOUT, rolloutSchema],
    ['ROLLOUT_DEVICE', shapes.ROLLOUT_DEVICE, rolloutDeviceSchema],
    ['ROLLOUT_LOG', shapes.ROLLOUT_LOG, rolloutLogSchema],
  ])('%s has the fields that the API has', (_, shape, schema) => {
    const fields = shape
      .replaceAll(/\{[^{}]*\{[^{}]*\}[^{}]*\}|\{[^{}]*\}/g, '')
      .split(', ')
      .map((field) => field.replace('[]', ''));
    expect(fields).toEqual(Object.keys(schema.shape));
  });
});

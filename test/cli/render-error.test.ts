import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { CliError } from '../../src/cli/codes.ts';
import { asOtakitError, renderError } from '../../src/cli/render-error.ts';

function render(thrown: unknown, asJson = false): string {
  let text = '';
  renderError(
    asOtakitError(thrown),
    {
      stdout: { write: () => {} },
      stderr: { write: (chunk) => (text += chunk) },
      stdin: Readable.from([]),
      env: {},
      signal: new AbortController().signal,
    },
    asJson,
  );
  return text;
}

describe('an error on the command line', () => {
  it('is a code, a message and a hint, without a stack', () => {
    const error = new CliError('cli/file-exists', 'a.bin exists already', { hint: 'Use --force.' });
    expect(render(error)).toBe('error cli/file-exists: a.bin exists already\nhint: Use --force.\n');
  });

  it('is called our bug where nothing of ours was thrown, and asks for a report', () => {
    const text = render(new TypeError('x is undefined'));
    expect(text).toContain('error cli/bug: ');
    expect(text).toContain('OTAKIT_DEBUG=1');
    expect(text).not.toMatch(/^\s+at /m);
  });

  it('cannot move the cursor of a terminal', () => {
    expect(render(new CliError('cli/file-exists', 'name \u001b[2J'))).toContain('name \\x1b[2J');
  });

  it('is none where the user pressed Ctrl-C', () => {
    expect(render(new CliError('cli/interrupted', 'interrupted'))).toBe('Stopped.\n');
  });

  it('keeps its details in JSON', () => {
    const error = new CliError('cli/interrupted', 'stopped', { details: { doneBytes: 4 } });
    expect(JSON.parse(render(error, true))).toEqual({
      error: { code: 'cli/interrupted', message: 'stopped', details: { doneBytes: 4 } },
    });
  });
});

import { type ErrorKind, OtakitError } from '../../shared/index.ts';

/** What a problem document (RFC 9457) of the server says, as far as a command line can use it. */
export interface ProblemDocument {
  readonly title?: string;
  readonly detail?: string;
  readonly status?: number;
  readonly code?: string;
  readonly hint?: string;
  readonly details?: Readonly<Record<string, unknown>>;
}

/** An error that the server found: its own code and words, with the exit status that fits here. */
export class RemoteProblem extends OtakitError {
  constructor(status: number, problem: ProblemDocument) {
    const code = problem.code ?? 'cli/server-answer';
    super(
      { [code]: { kind: kindOf(status), meaning: '' } },
      code,
      problem.detail ?? problem.title ?? `the server answered ${status}`,
      {
        ...(problem.hint === undefined ? {} : { hint: hintOf(problem.code, problem.hint) }),
        details: { ...problem.details, status },
      },
    );
  }
}

/** What a server says about its paths helps nobody who typed options. */
function hintOf(code: string | undefined, hint: string): string {
  return code === 'server/invalid-request'
    ? '`--help` after the command says what it takes.'
    : hint;
}

/** Refused for what was asked is the caller's input; refused for who asks, or broken, is the server's. */
function kindOf(status: number): ErrorKind {
  return [400, 404, 409, 411, 412, 413, 415, 422].includes(status) ? 'input' : 'network';
}

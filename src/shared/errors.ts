import type { CodeCatalogue, ErrorKind } from './codes.ts';

/** What travels with an error beside its message. */
export interface ErrorContext {
  /** What to do next, as one sentence to the user. */
  readonly hint?: string;
  /** The facts of the case as data (numbers, names, offsets), for `--json` and problem documents. */
  readonly details?: Readonly<Record<string, unknown>>;
  readonly cause?: unknown;
}

/**
 * The base of every error that otakit throws on purpose. Each module has one subclass, tied to the
 * module's code catalogue; anything else that is thrown counts as our own bug.
 */
export abstract class OtakitError extends Error {
  /** Stable, documented in the README: `module/what-is-wrong`. */
  readonly code: string;
  readonly kind: ErrorKind;
  /** What an HTTP answer says about it; `null` leaves that to the kind. */
  readonly httpStatus: number | null;
  readonly hint: string | undefined;
  readonly details: Readonly<Record<string, unknown>>;

  constructor(
    catalogue: CodeCatalogue,
    code: string,
    message: string,
    { hint, details = {}, cause }: ErrorContext = {},
  ) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = new.target.name;
    this.code = code;
    const { kind, httpStatus = null } = catalogue[code] ?? {};
    this.httpStatus = httpStatus;
    this.kind = kind === undefined || kind === 'warning' ? 'bug' : kind;
    this.hint = hint;
    this.details = details;
  }
}

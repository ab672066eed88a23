/**
 * Whose doing an error is. The edges (CLI, HTTP) derive exit code and status from it, so no module
 * below them needs to know either.
 */
export type ErrorKind =
  /** The caller asked for something that makes no sense: a flag, an option, a call. */
  | 'usage'
  /** What we were given to read is wrong: an image, a table, a config. */
  | 'input'
  /** The board or the port did not do what it should. */
  | 'device'
  /** A server, the network or a peer did not. */
  | 'network'
  /** Bytes are not the bytes they should be. */
  | 'verification'
  /** Stopped by the user or by a signal before it was done. */
  | 'interrupted'
  /** Our own fault. */
  | 'bug';

/** What a stable code stands for. `warning` marks codes that are only ever reported, never thrown. */
export interface CodeEntry {
  readonly kind: ErrorKind | 'warning';
  /** One sentence for the README's table: what is wrong, in the words of DESIGN §2. */
  readonly meaning: string;
  /** What an HTTP answer says, where the kind alone would say something else. */
  readonly httpStatus?: number;
}

/** All codes of one module, each `module/what-is-wrong`. Every module has one, in its `codes.ts`. */
export type CodeCatalogue = Readonly<Record<string, CodeEntry>>;

/** The codes of a catalogue that may be thrown (all but the pure warnings). */
export type ThrowableCode<Catalogue extends CodeCatalogue> = {
  [Code in keyof Catalogue & string]: Catalogue[Code]['kind'] extends 'warning' ? never : Code;
}[keyof Catalogue & string];

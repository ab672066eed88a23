/** Path and query of a request target. */
export interface Target {
  readonly path: string;
  readonly search: string;
}

/** Takes a request target apart. */
export function splitTarget(target: string): Target {
  const mark = target.indexOf('?');
  if (mark === -1) return { path: target, search: '' };
  return { path: target.slice(0, mark), search: target.slice(mark + 1) };
}

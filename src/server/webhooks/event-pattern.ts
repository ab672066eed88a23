/** Whether a type is among the patterns: itself, `noun.*`, or `*`. */
export function matchesEvent(patterns: readonly string[], type: string): boolean {
  const noun = `${type.split('.', 1)[0] ?? ''}.*`;
  return patterns.some((pattern) => pattern === '*' || pattern === type || pattern === noun);
}

/** A result as JSON for `--json`: bytes as hex, indented for reading, with a line end. */
export function toJson(value: unknown): string {
  const plain = (_key: string, field: unknown) =>
    field instanceof Uint8Array ? Buffer.from(field).toString('hex') : field;
  return `${JSON.stringify(value, plain, 2)}\n`;
}

/**
 * Text from a file or from the network, made safe for a terminal: control characters (which could
 * move the cursor, recolour or forge a line) become `\xNN`.
 */
export function printable(text: string): string {
  return text.replaceAll(
    // oxlint-disable-next-line no-control-regex -- finding control characters is the purpose
    /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g,
    (character) => `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`,
  );
}

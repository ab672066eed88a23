/** ESP-IDF's `ELF file SHA256:  0123abcd…` at start and in panics; the samples' banner has it as `ELF 0123abcd`. */
const RUNNING_ELF = /\bELF (?:file SHA256:\s+)?([0-9a-f]{8,64})\b/;

/** The start of the SHA-256 of the ELF file that a board says it runs; `null` where the line does not say. */
export function runningElfSha256(text: string): string | null {
  return RUNNING_ELF.exec(text)?.[1] ?? null;
}

/** `0x10000`, with at least `digits` digits. */
export function formatHex(value: number, digits = 1): string {
  return `0x${value.toString(16).padStart(digits, '0')}`;
}

/** `1 MB`, `3968 KB`, `1.94 MB`, `288 B`: 1024-based, as ESP-IDF's tables count. */
export function formatSize(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`;
  if (bytes % (1024 * 1024) === 0) return `${bytes / (1024 * 1024)} MB`;
  if (bytes % 1024 === 0 && bytes < 10 * 1024 * 1024) return `${bytes / 1024} KB`;
  if (bytes < 1024 * 1024) return `${(bytes / 1024).toFixed(1)} KB`;
  return `${(bytes / (1024 * 1024)).toFixed(2)} MB`;
}

/** `1,048,576`: exact counts, grouped for reading. */
export function formatCount(value: number): string {
  return value.toLocaleString('en-US');
}

/** `1 device`, `3 devices`, `1,000 devices`. */
export function counted(count: number, noun: string, plural = `${noun}s`): string {
  return `${formatCount(count)} ${count === 1 ? noun : plural}`;
}

/** `850 ms`, `4.2 s`, `3 min 5 s`, `2 h 10 min`. */
export function formatDuration(durationMs: number): string {
  if (durationMs < 1000) return `${Math.round(durationMs)} ms`;
  if (durationMs < 60_000) return `${(durationMs / 1000).toFixed(1)} s`;
  const totalSeconds = Math.round(durationMs / 1000);
  if (totalSeconds < 3600) return `${Math.floor(totalSeconds / 60)} min ${totalSeconds % 60} s`;
  return `${Math.floor(totalSeconds / 3600)} h ${Math.floor((totalSeconds % 3600) / 60)} min`;
}

const UNIT_MS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  min: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/** `90s`, `10m`, `24h`, `500ms`, `7d` in milliseconds; `null` for anything else. */
export function parseDuration(text: string): number | null {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|min|h|d)$/.exec(text.trim());
  const unitMs = UNIT_MS[match?.[2] ?? ''];
  return unitMs === undefined ? null : Number(match?.[1]) * unitMs;
}

const UNIT_BYTES: Readonly<Record<string, number>> = {
  '': 1,
  k: 1024,
  m: 1024 * 1024,
  g: 1024 * 1024 * 1024,
};

/** `4MB`, `3968K`, `0x10000`, `65536` in bytes; `null` for anything else. */
export function parseSize(text: string): number | null {
  const trimmed = text.trim();
  if (/^0x[0-9a-f]+$/i.test(trimmed)) return Number.parseInt(trimmed, 16);
  const match = /^(\d+)\s*([kmg]?)(?:i?b)?$/i.exec(trimmed);
  const unitBytes = UNIT_BYTES[(match?.[2] ?? '').toLowerCase()];
  return match === null || unitBytes === undefined ? null : Number(match[1]) * unitBytes;
}

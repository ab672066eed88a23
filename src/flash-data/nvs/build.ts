import { pbkdf2 } from '@noble/hashes/pbkdf2.js';
import { sha1 } from '@noble/hashes/legacy.js';
import { concatBytes, type Issue } from '../../shared/index.ts';
import { type NvsCode, NvsError } from '../codes.ts';
import type { NvsCsvRow } from './csv-read.ts';
import { decodeValue, isUndecoded, type RawValue } from './csv-value.ts';
import { ImageWriter } from './image-writer.ts';
import { MAX_KEY_BYTES, type NvsVersion } from './layout.ts';
import type { NvsValue } from './value.ts';

/** A row to build from; a `file` row brings the bytes of its file. */
export type NvsBuildRow = NvsCsvRow & { readonly fileBytes?: Uint8Array };

/** How {@link buildNvs} lays out the partition. */
export interface NvsBuildOptions {
  /** A multiple of 4096. */
  readonly sizeBytes: number;
  /** Page format; 2, which splits blobs over pages, unless given. */
  readonly version?: NvsVersion;
  /**
   * Whether a namespace row that repeats an earlier name goes back to that namespace. The tool does
   * not: it goes on in the namespace that was new last.
   */
  readonly reopenNamespaces?: boolean;
  /**
   * Whether Wi-Fi keys bring further entries with them, as the tool has it (`sta.ssid` for one brings
   * `sta.pmk`); true unless given. A CSV that was made from an image has those entries already.
   */
  readonly wifiExtras?: boolean;
}

/** A partition that was built, with what was odd about its rows. */
export interface NvsBuild {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly issues: readonly Issue<NvsCode>[];
}

/**
 * Builds an NVS partition from CSV rows, byte for byte what `nvs_partition_gen generate` writes,
 * including the entries that it adds of itself for `sta.ssid`, `sta.pswd` and `ap.*` keys.
 *
 * @throws NvsError `nvs/wrong-size`, `nvs/bad-key`, `nvs/bad-encoding`, `nvs/bad-value`,
 * `nvs/value-too-long`, `nvs/too-many-namespaces`, `nvs/full`
 */
export function buildNvs(rows: readonly NvsBuildRow[], options: NvsBuildOptions): NvsBuild {
  const writer = new ImageWriter(options.sizeBytes, options.version ?? 2);
  const issues: Issue<NvsCode>[] = [];
  const wifi = new WifiExtras(options.wifiExtras !== false);
  const keys = new Set(rows.map(({ key }) => key));
  let opened = 0;
  if (writer.isReadonly) issues.push(readonlyIssue(options.sizeBytes));
  for (const row of rows) {
    checkKey(row);
    const namespace = () => (options.reopenNamespaces === true ? opened : writer.newestNamespace);
    const put = (key: string, value: NvsValue) => writer.write(namespace(), key, value);
    wifi.before(row, put);
    if (row.type === 'namespace' && !wifi.isStation(row)) {
      const before = writer.newestNamespace;
      opened = writer.openNamespace(row.key);
      if (opened < before && options.reopenNamespaces !== true) {
        issues.push(
          oddity(
            row,
            `reopens namespace "${row.key}", but what follows goes into the namespace that was new last`,
          ),
        );
      }
      continue;
    }
    for (const what of oddities(row, writer.newestNamespace)) issues.push(oddity(row, what));
    const twice = wifi.extraKeys(row).filter((key) => keys.has(key));
    if (twice.length > 0) {
      const what = `brings ${twice.join(' and ')} with it, which the CSV has rows for too`;
      issues.push(oddity(row, what, 'Leave those out with --no-wifi-extras.'));
    }
    put(row.key, decodeValue(row, row.encoding, rawValue(row, wifi.isStation(row))));
    wifi.after(row, put);
  }
  return { bytes: writer.finish(), issues };
}

function rawValue(row: NvsBuildRow, isStation: boolean): RawValue {
  // The tool never opens the file of a Wi-Fi station key, but stores its path.
  if (row.type !== 'file' || isStation) return row.value;
  if (row.fileBytes !== undefined) return row.fileBytes;
  throw new NvsError('nvs/bad-value', `line ${row.line}, "${row.key}": the file was not read`, {
    hint: `Read ${row.value} and give its bytes.`,
    details: { line: row.line, key: row.key, path: row.value },
  });
}

/** @throws NvsError `nvs/bad-key` */
export function checkKey({ key, line }: { readonly key: string; readonly line?: number }): void {
  const length = new TextEncoder().encode(key).length;
  if (length <= MAX_KEY_BYTES && !key.includes('\0')) return;
  throw new NvsError(
    'nvs/bad-key',
    `${line === undefined ? '' : `line ${line}: `}the key "${key}" has ${length} bytes; ${MAX_KEY_BYTES} are allowed`,
    { hint: 'Shorten the key.', details: { key, length, limit: MAX_KEY_BYTES } },
  );
}

function oddities(row: NvsBuildRow, newestNamespace: number): readonly string[] {
  return [
    ...(newestNamespace === 0 ? ['comes before any namespace, so no app can read it'] : []),
    ...(row.key === '' ? ['has no key'] : []),
    ...(row.type === 'data' || row.type === 'file'
      ? []
      : [`has the type "${row.type}", which counts as data`]),
    ...(isUndecoded(row.encoding)
      ? [`has its encoding in capitals ("${row.encoding}"), so its text is stored as it stands`]
      : []),
  ];
}

function oddity(
  row: NvsBuildRow,
  what: string,
  hint = 'Correct the row; Espressif’s tool does the same with it.',
): Issue<NvsCode> {
  return {
    code: 'nvs/csv-oddity',
    severity: 'warning',
    message: `the row "${row.key}" ${what}`,
    hint,
    location: { kind: 'text', line: row.line, column: 1 },
  };
}

function readonlyIssue(sizeBytes: number): Issue<NvsCode> {
  return {
    code: 'nvs/readonly-size',
    severity: 'warning',
    message: `${sizeBytes} bytes are too few for a device to write to; 12288 are needed`,
    hint: 'Flag the partition readonly in the partition table, or make it 0x3000 bytes.',
  };
}

const ACCESS_POINT_KEYS: readonly string[] = ['ap.ssid', 'ap.passwd', 'ap.authmode'];

/** Writes further entries around Wi-Fi keys, as the tool does for Wi-Fi settings made in advance. */
class WifiExtras {
  readonly #enabled: boolean;
  readonly #accessPoint = new Map<string, string>();
  #stationWritten = false;

  constructor(enabled: boolean) {
    this.#enabled = enabled;
  }

  /** The keys that may come with this one. */
  extraKeys(row: NvsBuildRow): readonly string[] {
    if (!this.#enabled) return [];
    if (this.isStation(row)) {
      return this.#stationWritten ? [] : ['sta.apinfo', 'sta.pmk', 'sta.apsw'];
    }
    return ACCESS_POINT_KEYS.includes(row.key) ? ['ap.pmk_info'] : [];
  }

  isStation({ key }: NvsBuildRow): boolean {
    return this.#enabled && (key === 'sta.ssid' || key === 'sta.pswd');
  }

  before({ key, value }: NvsBuildRow, put: (key: string, value: NvsValue) => void): void {
    if (!this.#enabled || !ACCESS_POINT_KEYS.includes(key)) return;
    if (key !== 'ap.authmode' || value !== '0') this.#accessPoint.set(key, value);
    const [ssid, password, authMode] = ACCESS_POINT_KEYS.map((name) => this.#accessPoint.get(name));
    if (!ssid || !password || !authMode) return;
    const pmk = pbkdf2(sha1, password, ssid, { c: 4096, dkLen: 32 });
    put('ap.pmk_info', { type: 'blob', bytes: concatBytes([new Uint8Array(100), pmk]) });
  }

  after(row: NvsBuildRow, put: (key: string, value: NvsValue) => void): void {
    if (!this.isStation(row) || this.#stationWritten) return;
    this.#stationWritten = true;
    put('sta.apinfo', { type: 'blob', bytes: new Uint8Array(140).fill(0xff) });
    put('sta.pmk', { type: 'blob', bytes: new Uint8Array(32) });
    put('sta.apsw', { type: 'blob', bytes: new Uint8Array(2) });
  }
}

import {
  isSecret,
  type Nvs,
  parseViamJson,
  readViamSettings,
  seedViamSettings,
  VIAM_BLOBS,
  VIAM_KEYS,
  VIAM_NAMESPACE,
  type ViamKey,
  valueSizeBytes,
} from '../../flash-data/index.ts';
import { printable } from '../../shared/index.ts';
import { readInputFile } from '../files.ts';
import { toJson } from '../json.ts';
import { optionalSize } from '../partitions/options.ts';
import type { Cli } from '../nouns.ts';
import { textTable } from '../text-table.ts';
import { rawInput, withoutLineEnd } from './input-value.ts';
import type { KeyOptions } from './key-options.ts';
import { editNvs, type OutputOptions, type PlaceOptions, readNvs } from './nvs-file.ts';

/** What `nvs viam` can be told. */
export interface ViamOptions extends PlaceOptions, KeyOptions, OutputOptions {
  readonly credentials?: string;
  readonly wifiSsid?: string;
  readonly wifiPasswordFile?: string;
  readonly wifiPasswordStdin?: boolean;
  readonly appAddress?: string;
  readonly otaVersion?: string;
  readonly size?: string;
  readonly reveal?: boolean;
  readonly json?: boolean;
}

/** Shows the settings of a micro-RDK, after seeding those that were given. */
export async function viam(file: string, options: ViamOptions, cli: Cli): Promise<void> {
  const { stdout, env } = cli.context;
  const { json = false, reveal = false, output } = options;
  const settings = await givenSettings(options, cli);
  const seeds = Object.keys(settings);
  if (seeds.length > 0) {
    const createBytes = optionalSize('--size', options.size);
    const seed = (nvs: Nvs) => seedViamSettings(nvs, settings);
    await editNvs(file, options, cli, seed, createBytes);
  }
  const result = seeds.length > 0 ? (output ?? file) : file;
  const nvs = await readNvs(result, options, env);
  const stored = readViamSettings(nvs);
  const blobs = blobSizes(nvs);
  if (json) {
    const shown = VIAM_KEYS.map((key) => [
      key,
      hidden(key, stored[key], reveal) ? null : stored[key],
    ]);
    const set = VIAM_KEYS.filter((key) => stored[key] !== null);
    stdout.write(
      toJson({ file: result, settings: Object.fromEntries(shown), set, blobs, seeded: seeds }),
    );
    return;
  }
  const rows = VIAM_KEYS.map((key) => [key, settingText(key, stored[key], reveal)]);
  const others = Object.entries(blobs).map(([key, bytes]) => [key, `(${bytes} bytes)`]);
  const table = textTable([{ title: 'Key' }, { title: 'Value' }], [...rows, ...others]);
  const seeded = seeds.length === 0 ? '' : `${result}: ${seeds.join(', ')} written\n\n`;
  stdout.write(`${seeded}${table}\n`);
}

async function givenSettings(
  options: ViamOptions,
  cli: Cli,
): Promise<Readonly<Partial<Record<ViamKey, string>>>> {
  const { credentials, wifiSsid, wifiPasswordFile, wifiPasswordStdin, appAddress, otaVersion } =
    options;
  const password =
    wifiPasswordFile === undefined && wifiPasswordStdin !== true
      ? undefined
      : await passwordText(wifiPasswordFile, wifiPasswordStdin, cli);
  const machine =
    credentials === undefined
      ? {}
      : parseViamJson(new TextDecoder().decode(await readInputFile(credentials)));
  return {
    ...machine,
    ...(wifiSsid === undefined ? {} : { WIFI_SSID: wifiSsid }),
    ...(password === undefined ? {} : { WIFI_PASSWORD: password }),
    ...(appAddress === undefined ? {} : { ROBOT_APP_ADDR: appAddress }),
    ...(otaVersion === undefined ? {} : { OTA_VERSION: otaVersion }),
  };
}

async function passwordText(
  valueFile: string | undefined,
  stdin: boolean | undefined,
  cli: Cli,
): Promise<string> {
  const source = {
    ...(valueFile === undefined ? {} : { valueFile }),
    ...(stdin === undefined ? {} : { stdin }),
  };
  const raw = withoutLineEnd(await rawInput(source, cli));
  return typeof raw === 'string' ? raw : new TextDecoder().decode(raw);
}

function hidden(key: ViamKey, text: string | null, reveal: boolean): boolean {
  return text !== null && isSecret({ key }) && !reveal;
}

function settingText(key: ViamKey, text: string | null, reveal: boolean): string {
  if (text === null) return '(not set)';
  return hidden(key, text, reveal) ? `(secret, ${text.length} characters)` : printable(text);
}

function blobSizes(nvs: Nvs): Readonly<Record<string, number>> {
  const known: readonly string[] = VIAM_BLOBS;
  return Object.fromEntries(
    nvs.variables
      .filter(({ namespace, key }) => namespace === VIAM_NAMESPACE && known.includes(key))
      .map(({ key, value }) => [key, valueSizeBytes(value)]),
  );
}

import { NvsError } from '../codes.ts';
import { setNvsValue } from './edit.ts';
import { type Nvs, parseNvs } from './parse.ts';
import { stringValue } from './value.ts';

/** The namespace in which a micro-RDK keeps its settings. */
export const VIAM_NAMESPACE = 'VIAM_NS';

/** The settings that a micro-RDK reads as strings when it starts. */
export const VIAM_KEYS = [
  'WIFI_SSID',
  'WIFI_PASSWORD',
  'ROBOT_ID',
  'ROBOT_SECRET',
  'ROBOT_APP_ADDR',
  'OTA_VERSION',
] as const;

/** A text setting of a micro-RDK, by its NVS key in `VIAM_NS`. */
export type ViamKey = (typeof VIAM_KEYS)[number];

/** What else a micro-RDK stores there, as blobs that are its own business. */
export const VIAM_BLOBS = ['ROBOT_CONFIG', 'TLS_CERT', 'TLS_PRIV_KEY', 'NETWORKS'] as const;

/** What a micro-RDK finds of its settings; `null` where one is missing. */
export function readViamSettings(nvs: Nvs): Readonly<Record<ViamKey, string | null>> {
  const text = (key: ViamKey) => {
    const stored = nvs.variables.find(
      (item) => item.namespace === VIAM_NAMESPACE && item.key === key,
    );
    return stored?.value.type === 'string' ? stored.value.text : null;
  };
  return Object.fromEntries(VIAM_KEYS.map((key) => [key, text(key)])) as Record<
    ViamKey,
    string | null
  >;
}

/**
 * Stores settings for a micro-RDK, as the installer and the device do. With `OTA_VERSION` seeded to the
 * version tag of its machine config, a new device does not update itself at first contact.
 *
 * @throws NvsError as {@link setNvsValue}
 */
export function seedViamSettings(
  nvs: Nvs,
  settings: Readonly<Partial<Record<ViamKey, string>>>,
): Uint8Array {
  let bytes: Uint8Array = nvs.bytes;
  for (const key of VIAM_KEYS) {
    const text = settings[key];
    if (text === undefined) continue;
    bytes = setNvsValue(parseNvs(bytes), VIAM_NAMESPACE, key, stringValue(text));
  }
  return bytes;
}

/**
 * The settings in a `viam.json`, as the Viam app offers it for download:
 * `{"cloud":{"id","secret","app_address"}}`.
 *
 * @throws NvsError `nvs/bad-value`
 */
export function parseViamJson(text: string): Readonly<Partial<Record<ViamKey, string>>> {
  let cloud: Readonly<Record<string, unknown>> | undefined;
  try {
    const whole = JSON.parse(text) as { readonly cloud?: Readonly<Record<string, unknown>> } | null;
    cloud = whole?.cloud;
  } catch {
    // The parser's own message would quote the text, secret included, so it is not kept as a cause.
    throw notViamJson('it is not JSON');
  }
  const { id, secret, app_address: address } = cloud ?? {};
  if (typeof id !== 'string' || typeof secret !== 'string') {
    throw notViamJson('it has no cloud.id and cloud.secret');
  }
  return {
    ROBOT_ID: id,
    ROBOT_SECRET: secret,
    ...(typeof address === 'string' ? { ROBOT_APP_ADDR: address } : {}),
  };
}

function notViamJson(reason: string): NvsError {
  return new NvsError('nvs/bad-value', `the machine credentials cannot be used: ${reason}`, {
    hint: 'Download viam.json from the machine’s page in the Viam app.',
  });
}

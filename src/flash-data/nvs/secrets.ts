import { NvsError } from '../codes.ts';
import type { NvsVariable } from './assemble.ts';
import { valueSizeBytes } from './value.ts';

/** Names that promise a secret, whoever chose them: `WIFI_PASSWORD`, `sta.pswd`, `api_token`, `psk`. */
const SECRET_NAME = /pass(?!ive)|pswd|pwd|psk|pmk|apsw|secret|token|cred|priv|key$|_pin$|auth$/i;

/** Blobs of micro-RDK that have secrets inside: the cached config (URLs with tokens), known networks. */
const SECRET_BLOBS = new Set(['ROBOT_CONFIG', 'NETWORKS', 'sta.apinfo', 'ap.pmk_info']);

/** Whether a value is not to be shown unless it is asked for, by what its key is called. */
export function isSecret({ key }: Pick<NvsVariable, 'key'>): boolean {
  return SECRET_NAME.test(key) || SECRET_BLOBS.has(key);
}

/** What stands in for a secret: its type and its length tell enough to see whether it is set. */
export function redacted({ value }: Pick<NvsVariable, 'value'>): string {
  return `(secret, ${valueSizeBytes(value)} bytes)`;
}

/** The variable of that namespace and key. @throws NvsError `nvs/no-such-key` */
export function findVariable(
  variables: readonly NvsVariable[],
  namespace: string,
  key: string,
): NvsVariable {
  const found = variables.find((item) => item.namespace === namespace && item.key === key);
  if (found !== undefined) return found;
  const near = variables.filter((item) => item.key === key).map((item) => `${item.namespace}`);
  throw new NvsError('nvs/no-such-key', `there is no "${key}" in namespace "${namespace}"`, {
    hint:
      near.length > 0
        ? `That key is in: ${near.join(', ')}.`
        : 'List what there is with `otakit nvs show`.',
    details: { namespace, key },
  });
}

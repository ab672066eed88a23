import {
  decryptNvs,
  encryptNvs,
  inspectNvs,
  type NvsKeys,
  serializeNvsKeys,
} from '../../flash-data/index.ts';
import { FlashError, type FlashInput } from '../../flash/index.ts';
import type { PartitionEntry, PartitionTable } from '../../partition-table/index.ts';
import { CliError } from '../codes.ts';
import { loadKeys } from '../nvs/key-options.ts';

/** What the commands that write NVS can be told of its encryption. */
export interface NvsKeyOptions {
  readonly nvsKeys?: string;
  readonly nvsHmacKey?: string;
  readonly nvsPlain?: true;
}

/** NVS on its way to a board: in the clear, or encrypted as the firmware there expects it. */
export interface NvsSealing {
  /**
   * Whether the board with this table can read it.
   *
   * @throws FlashError `flash/nvs-encrypted`; CliError `cli/usage` where the keys have no partition
   */
  check(table: PartitionTable, nvs: Uint8Array): Promise<void>;
  /** What is to be written: NVS, and the keys where they lie in a partition of their own. */
  inputsFor(
    nvs: { readonly fileName: string; readonly bytes: Uint8Array },
    entry: PartitionEntry,
    table: PartitionTable,
  ): Promise<readonly FlashInput[]>;
}

const DATA_TYPE = 1;
const NVS_KEYS_SUBTYPE = 4;

/** @throws CliError `cli/usage`, NvsError `nvs/keys-invalid` */
export async function prepareNvsSealing(options: NvsKeyOptions): Promise<NvsSealing> {
  const { nvsKeys, nvsHmacKey, nvsPlain } = options;
  if (nvsPlain && (nvsKeys !== undefined || nvsHmacKey !== undefined)) {
    throw new CliError('cli/usage', '--nvs-plain writes NVS in the clear, which takes no keys', {
      hint: 'Leave one of the two out.',
    });
  }
  if (nvsKeys !== undefined && nvsHmacKey !== undefined) {
    throw new CliError('cli/usage', '--nvs-keys and --nvs-hmac-key exclude each other', {
      hint: 'Name the keys partition, or the HMAC key that the chip derives its keys from.',
    });
  }
  const keys = await loadKeys({
    ...(nvsKeys === undefined ? {} : { keys: nvsKeys }),
    ...(nvsHmacKey === undefined ? {} : { hmacKey: nvsHmacKey }),
  });
  const sealed = async (table: PartitionTable, bytes: Uint8Array): Promise<Uint8Array> => {
    if (nvsKeys !== undefined) keysEntry(table);
    if (keys !== null) return encryptedWith(keys, bytes);
    const expected = table.entries.find(isNvsKeys);
    if (expected === undefined || nvsPlain || isEncrypted(bytes)) return bytes;
    throw new FlashError(
      'flash/nvs-encrypted',
      `NVS would be written in the clear, but the partition table has keys for it (${expected.name}): firmware that encrypts NVS cannot read it`,
      {
        hint: 'Give the keys with --nvs-keys (`otakit nvs keys` makes them), or --nvs-plain where the firmware does not encrypt.',
        details: { keysPartition: expected.name },
      },
    );
  };
  return {
    check: async (table, nvs) => {
      await sealed(table, nvs);
    },
    inputsFor: async ({ fileName, bytes }, entry, table) => {
      const nvs = await sealed(table, bytes);
      const input = { fileName, bytes: nvs, at: entry.name, isData: true as const };
      if (keys === null || nvsKeys === undefined) return [input];
      const at = keysEntry(table).name;
      return [input, { fileName: nvsKeys, bytes: serializeNvsKeys(keys), at, isData: true }];
    },
  };
}

function isNvsKeys({ type, subtype }: PartitionEntry): boolean {
  return type === DATA_TYPE && subtype === NVS_KEYS_SUBTYPE;
}

function keysEntry({ entries }: PartitionTable): PartitionEntry {
  const entry = entries.find(isNvsKeys);
  if (entry !== undefined) return entry;
  throw new CliError('cli/usage', 'the partition table has no place for the keys of --nvs-keys', {
    hint: 'Add a row `nvs_keys, data, nvs_keys, , 0x1000, encrypted` to it, or give --nvs-hmac-key.',
  });
}

/** What is encrypted already stays as it is, if it is so with these keys. */
async function encryptedWith(keys: NvsKeys, bytes: Uint8Array): Promise<Uint8Array> {
  if (!isEncrypted(bytes)) return encryptNvs(bytes, keys);
  if (!isEncrypted(await decryptNvs(bytes, keys))) return bytes;
  throw new FlashError('flash/nvs-encrypted', 'the image of NVS is encrypted with other keys', {
    hint: 'Give the keys that it was encrypted with, or the image in the clear.',
  });
}

function isEncrypted(bytes: Uint8Array): boolean {
  return inspectNvs(bytes).issues.some(({ code }) => code === 'nvs/encrypted');
}

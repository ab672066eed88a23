import { chipByName, type ChipName } from '../../../chips/index.ts';
import { otaSlots, parsePartitionTable } from '../../../partition-table/index.ts';
import { type Board, readTrustedKey, type TrustedKey } from '../../../simulator/index.ts';
import { CliError } from '../../codes.ts';
import { readInputFile } from '../../files.ts';
import type { FleetApi } from '../../fleet/api.ts';

/** As long as a large flash, for devices of which nothing is known. */
const ANY_SLOT_BYTES = 16 * 1024 * 1024;
const INSTALL_MS = 4000;
const REBOOT_MS = 6000;

/** What the management API says of a blueprint, as far as a board shows it. */
interface BlueprintAnswer {
  readonly chip: ChipName;
  readonly partitionTable: string;
}

/**
 * The board of the virtual devices: chip and smallest OTA slot of their blueprint, so that they refuse
 * what a real one would; without a blueprint a board that takes any image.
 */
export async function boardOf(
  api: FleetApi | null,
  blueprintId: string | undefined,
  keyFiles: readonly string[],
): Promise<Board> {
  const trustedKeys = keyFiles.length === 0 ? null : await Promise.all(keyFiles.map(readKey));
  const rest = { trustedKeys, installMs: INSTALL_MS, rebootMs: REBOOT_MS };
  if (api === null || blueprintId === undefined) {
    return { ...rest, chip: null, blueprintId: null, chipId: null, slotBytes: ANY_SLOT_BYTES };
  }
  const path = `/blueprints/${encodeURIComponent(blueprintId)}`;
  const { chip, partitionTable } = await api.get<BlueprintAnswer>(path);
  const slots = otaSlots(parsePartitionTable(new TextEncoder().encode(partitionTable)));
  return {
    ...rest,
    chip,
    blueprintId,
    chipId: chipByName(chip).imageChipId,
    slotBytes: Math.min(...slots.map(({ sizeBytes }) => sizeBytes), ANY_SLOT_BYTES),
  };
}

async function readKey(path: string): Promise<TrustedKey> {
  const pem = new TextDecoder().decode(await readInputFile(path));
  try {
    return readTrustedKey(pem);
  } catch (cause) {
    throw new CliError('cli/usage', `${path} is no public key of Ed25519 or ECDSA P-256`, {
      hint: 'Give the PUBLIC KEY in PEM that `otakit sign keygen` wrote.',
      cause,
    });
  }
}

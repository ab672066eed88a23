import { rename, readFile, writeFile } from 'node:fs/promises';
import { z } from 'zod';
import { SimulatorError } from '../codes.ts';
import { type DeviceMemory, deviceMemory } from './device-memory.ts';

const fileShape = z.object({
  format: z.literal('otakit-virtual-fleet-1'),
  server: z.string(),
  devices: z.array(deviceMemory),
});

/** Where the devices of a virtual fleet are kept between runs: with their secrets, so mode 0600. */
export interface FleetFile {
  readonly path: string;
  /** They belong to one server: their secrets are worth nothing elsewhere. */
  readonly server: string;
}

/**
 * The devices of an earlier run; none where the file is not there.
 *
 * @throws SimulatorError `simulator/state-unusable`, `simulator/state-differs`
 */
export async function readFleetFile({ path, server }: FleetFile): Promise<readonly DeviceMemory[]> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw unusable(path, (error as Error).message);
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw unusable(path, 'it is not JSON');
  }
  const read = fileShape.safeParse(value);
  if (!read.success) {
    const [first] = read.error.issues;
    throw unusable(path, `${first?.path.join('.') ?? ''}: ${first?.message ?? ''}`);
  }
  if (read.data.server !== server) {
    throw new SimulatorError(
      'simulator/state-differs',
      `${path} holds devices of ${read.data.server}, not of ${server}`,
      {
        hint: 'Give this fleet another --state file, or start over with --fresh.',
        details: { path, server: read.data.server },
      },
    );
  }
  return read.data.devices;
}

/** Replaces the file whole, so that a power cut leaves the old one or the new one. */
export async function writeFleetFile(
  { path, server }: FleetFile,
  devices: Iterable<DeviceMemory>,
): Promise<void> {
  const value = { format: 'otakit-virtual-fleet-1', server, devices: [...devices] };
  const temporary = `${path}.new`;
  await writeFile(temporary, `${JSON.stringify(value)}\n`, { mode: 0o600 });
  await rename(temporary, path);
}

function unusable(path: string, why: string): SimulatorError {
  return new SimulatorError('simulator/state-unusable', `${path} cannot be used: ${why}`, {
    hint: 'Give another --state file, or start over with --fresh.',
    details: { path },
  });
}

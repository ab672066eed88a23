import { parseAppDescriptor } from '../../app-image/index.ts';
import type { Chip } from '../../chips/index.ts';
import type { BootPartition } from '../../flash-data/index.ts';
import type { Clock } from '../../shared/index.ts';
import { printable, toHex } from '../../shared/index.ts';
import type { BootContext } from './chip.ts';

const DESCRIPTOR_AT = 32;
const DESCRIPTOR_BYTES = 256;
const ELF_HASH_AT = DESCRIPTOR_AT + 144;
/** The project name of `firmware-samples/`, whose behaviour is known here. */
const SAMPLE_PROJECT = 'otakit-hello';

/**
 * Runs the app in a slot. The code itself is not executed: the samples' banner and heartbeat are
 * played from their descriptor, and of any other app only that it started is said.
 */
export async function runApp(
  { flash, print, stopped }: BootContext,
  chip: Chip,
  slot: BootPartition,
  clock: Clock,
): Promise<void> {
  const start = slot.flashOffset;
  const descriptor = parseAppDescriptor(flash.read(start + DESCRIPTOR_AT, DESCRIPTOR_BYTES));
  const project = printable(descriptor?.projectName ?? 'unknown');
  const version = printable(descriptor?.version ?? 'unknown');
  if (project !== SAMPLE_PROJECT) {
    print(`\n[virtual chip] ${project} ${version} has control; its code is not executed here\n`);
    return;
  }
  const elf = toHex(flash.read(start + ELF_HASH_AT, 8));
  print(`\n${project} ${version} on ${chip.title}, ELF ${elf}\n`);
  // 1.0.0 beats once a second; later versions twice, and say how long they have been up.
  const tellsUptime = !version.startsWith('1.0.');
  const intervalMs = tellsUptime ? 500 : 1000;
  for (let beat = 1; !stopped.aborted; beat += 1) {
    await clock.sleep(intervalMs, stopped);
    print(`heartbeat ${beat}${tellsUptime ? `, up ${beat * intervalMs} ms` : ''}\n`);
  }
}

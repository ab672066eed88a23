import type { Cli } from '../nouns.ts';
import { type PortOptions, withDevice } from './session.ts';

/** `otakit flash reset` */
export async function reset(options: Omit<PortOptions, 'reset'>, cli: Cli): Promise<void> {
  const target = await withDevice(
    { ...options, reset: true },
    cli,
    async (device) => device.target,
  );
  cli.context.stdout.write(`${target}: reset\n`);
}

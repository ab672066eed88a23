import { stat } from 'node:fs/promises';
import { parseChipName } from '../chips/index.ts';
import { systemClock } from '../shared/index.ts';
import { type OpenLink, withSchemes } from '../transport/index.ts';
import { CliError } from './codes.ts';

/** Opens what `--port` may name: a serial port, `tcp://`, `rfc2217://`, or a virtual chip by `sim://`. */
export const openPort: OpenLink = async (target, options) => {
  if (await isFile(target)) {
    throw new CliError('cli/usage', `--port ${target} is a file, and no port`, {
      hint: 'With boards -p is the port; name a partition table with --partitions.',
    });
  }
  return openAny(target, options);
};

async function isFile(target: string): Promise<boolean> {
  const stats = await stat(target).catch(() => null);
  return stats?.isFile() === true;
}

const openAny: OpenLink = withSchemes({
  sim: async (target, options) => {
    const name = parseChipName(target.replace(/^sim:\/\//i, ''));
    if (name === null) {
      throw new CliError('cli/usage', `${target} names no chip`, {
        hint: 'Write sim://esp32c3, or another chip. It is new at every command: `otakit simulate chip` runs one that stays.',
      });
    }
    const { firmware, simLinks, VirtualChip } = await import('../simulator/index.ts');
    const clock = systemClock;
    const chip = new VirtualChip({ chip: name, clock, boot: firmware(clock) });
    const link = await simLinks(() => chip)(target, options);
    const close = link[Symbol.asyncDispose];
    return Object.assign(link, {
      [Symbol.asyncDispose]: async () => {
        await close.call(link);
        // Its application would go on for ever, and this process with it.
        chip.powerOff();
      },
    });
  },
});

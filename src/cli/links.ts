import { parseChipName } from '../chips/index.ts';
import { systemClock } from '../shared/index.ts';
import { type OpenLink, withSchemes } from '../transport/index.ts';
import { CliError } from './codes.ts';

/** Opens what `--port` may name: a serial port, `tcp://`, `rfc2217://`, or a virtual chip by `sim://`. */
export const openPort: OpenLink = withSchemes({
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
    return simLinks(() => chip)(target, options);
  },
});

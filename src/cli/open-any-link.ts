import { systemClock } from '../shared/index.ts';
import { type OpenLink, withSchemes } from '../transport/index.ts';

/** Opens every kind of port, `sim://esp32c3` included: a virtual board, fresh for each command. */
export const openAnyLink: OpenLink = withSchemes({
  sim: async (target, options) => {
    const { parseChipName } = await import('../chips/index.ts');
    const { simLinks, VIRTUAL_CHIPS, VirtualChip } = await import('../simulator/index.ts');
    const open = simLinks((wanted) => {
      const text = wanted.slice('sim://'.length);
      const chip = parseChipName(text);
      if (chip === null) throw noSuchChip(text, VIRTUAL_CHIPS);
      return new VirtualChip({ chip, clock: systemClock });
    });
    const { CliError } = await import('./codes.ts');
    const noSuchChip = (text: string, chips: readonly string[]) =>
      new CliError('cli/usage', `there is no chip "${text}"`, {
        hint: `Choose one of ${chips.map((name) => `sim://${name}`).join(', ')}.`,
      });
    return open(target, options);
  },
});

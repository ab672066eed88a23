import { describe, expect, it } from 'vitest';
import { listenTcp, VirtualChip } from '../../../src/simulator/index.ts';
import { openLink } from '../../../src/transport/index.ts';
import { ManualClock } from '../../support/manual-clock.ts';

describe('the line from a virtual chip', () => {
  it('loses what was still to be sent when EN goes low, and nothing after that', async () => {
    const clock = new ManualClock();
    const chip = new VirtualChip({ chip: 'esp32c3', clock, baudLimit: 1000 });
    let heard = '';
    chip.onOutput((bytes) => {
      heard += new TextDecoder().decode(bytes);
    });
    chip.reset('loader');
    chip.setSignals({ dtr: false, rts: true });
    await clock.advance(10_000);
    expect(heard).toBe('');
    chip.setSignals({ dtr: true, rts: false });
    await clock.advance(10_000);
    expect(heard.match(/waiting for download/g)).toHaveLength(1);
  });

  it('is empty for the next host on a TCP port', async () => {
    const clock = new ManualClock();
    let boots = 0;
    const chip = new VirtualChip({
      chip: 'esp32c3',
      clock,
      baudLimit: 1000,
      boot: async ({ print }) => {
        boots += 1;
        print(`boot ${boots}\n`);
      },
    });
    await using listener = await listenTcp(chip, '127.0.0.1', 0);
    const first = await openLink(listener.target, { baudRate: 115_200 });
    await expect.poll(() => boots).toBe(1);
    await first[Symbol.asyncDispose]();
    await using second = await openLink(listener.target, { baudRate: 115_200 });
    await expect.poll(() => boots).toBe(2);
    await clock.advance(10_000);
    expect(new TextDecoder().decode((await second.read()) ?? undefined)).toBe('boot 2\r\n');
  });
});

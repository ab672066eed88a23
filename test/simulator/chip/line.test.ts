import { describe, expect, it } from 'vitest';
import { VirtualChip } from '../../../src/simulator/index.ts';
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
});

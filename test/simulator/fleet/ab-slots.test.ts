import { describe, expect, it } from 'vitest';
import {
  boot,
  confirm,
  factoryState,
  previousImage,
  selectPrevious,
  type SlotImage,
  writeOther,
} from '../../../src/simulator/fleet/ab-slots.ts';

const image = (version: string): SlotImage => ({
  version,
  sha256: version.padEnd(64, '0'),
  elfSha256: null,
  secureVersion: 0,
});

describe('two slots', () => {
  it('write the one that does not run, boot it on trial, and keep it once it is confirmed', () => {
    const written = writeOther(factoryState(image('1')), image('2'));
    expect(written).toMatchObject({ selected: 1, trial: 'new' });
    expect(written.slots[0]?.version).toBe('1');
    const booted = boot(written, false);
    expect(booted).toMatchObject({ fellBack: false, runs: { version: '2' } });
    expect(booted.state.trial).toBe('pending-verify');
    const again = boot(confirm(booted.state), false);
    expect(again).toMatchObject({ fellBack: false, runs: { version: '2' } });
    expect(previousImage(again.state)?.version).toBe('1');
  });

  it('fall back when the new image is reset before it was confirmed', () => {
    const first = boot(writeOther(factoryState(image('1')), image('2')), false);
    expect(boot(first.state, false)).toMatchObject({ fellBack: true, runs: { version: '1' } });
  });

  it('fall back when the new image crashes, and do not try it again', () => {
    const first = boot(writeOther(factoryState(image('1')), image('2')), true);
    expect(first).toMatchObject({ fellBack: true, runs: { version: '1' } });
    expect(boot(first.state, true)).toMatchObject({ fellBack: false, runs: { version: '1' } });
  });

  it('boot what there is where there is nothing to fall back to', () => {
    expect(boot(factoryState(image('1')), true)).toMatchObject({ fellBack: false });
  });

  it('go back to what ran before', () => {
    const second = confirm(boot(writeOther(factoryState(image('1')), image('2')), false).state);
    expect(boot(selectPrevious(second), false)).toMatchObject({
      fellBack: false,
      runs: { version: '1' },
    });
  });
});

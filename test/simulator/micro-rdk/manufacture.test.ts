import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parseAppImage } from '../../../src/app-image/index.ts';
import { CHIPS, chipByName } from '../../../src/chips/index.ts';
import { memorySource } from '../../../src/shared/index.ts';
import { buildFactoryImage } from '../../../src/simulator/index.ts';
import { createTestDevice } from '../../support/micro-rdk.ts';

describe('a new virtual device', () => {
  it.each(CHIPS.filter(({ imageChipId }) => imageChipId !== null).map(({ name }) => name))(
    'boots the firmware that it is born with on the %s',
    async (chip) => {
      const firmware = await buildFactoryImage(chipByName(chip));
      const { device, events } = await createTestDevice({ chip, firmware });
      expect(device.runningSlot).toBe('ota_0');
      expect(events).toEqual([{ kind: 'booted', slot: 'ota_0', version: 'factory', tag: null }]);
      // The host's reader has nothing to say against it either.
      const image = await parseAppImage(memorySource(firmware));
      expect(image.issues.filter(({ severity }) => severity === 'error')).toEqual([]);
    },
  );

  it('needs a slot to boot from, and a first firmware that fits it', async () => {
    await expect(
      createTestDevice({ table: 'nvs, data, nvs, 0x9000, 0x4000' }),
    ).rejects.toMatchObject({ code: 'simulator/no-app-slot' });
    await expect(createTestDevice({ firmware: new Uint8Array(0x20001) })).rejects.toMatchObject({
      code: 'simulator/image-too-large',
      details: { imageBytes: 0x20001, slotBytes: 0x20000 },
    });
  });
});

describe('the conformance cases', () => {
  it('are all there, 1 to 34', () => {
    const folder = new URL('.', import.meta.url);
    const text = readdirSync(folder)
      .filter((name) => name.startsWith('case-'))
      .map((name) => readFileSync(new URL(name, folder), 'utf8'))
      .join('\n');
    const named = new Set([...text.matchAll(/'case (\d+): /g)].map((match) => Number(match[1])));
    expect([...named].sort((a, b) => a - b)).toEqual(Array.from({ length: 34 }, (_, n) => n + 1));
  });
});

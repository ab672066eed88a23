import { assert, asyncProperty, boolean, uint8Array } from '../support/property.ts';
import { describe, expect, it } from 'vitest';
import { parseBackup, readBackup, serializeBackup } from '../../src/flash/index.ts';
import { board, connectTo, firmware } from './board.ts';

async function backupOfBoard() {
  const chip = board({ flashSizeBytes: 0x8_0000 });
  chip.flash.load(0x1_0000, firmware(3));
  chip.flash.load(0x7_f000, Uint8Array.of(1, 2, 3));
  await using device = await connectTo(chip);
  return { chip, made: await readBackup(device) };
}

describe('a backup', () => {
  it('is the whole flash with its board, and comes back from its file', async () => {
    const { chip, made } = await backupOfBoard();
    expect(made.content).toEqual(chip.flash.read(0, 0x8_0000));
    const file = await serializeBackup(made);
    expect(file.length).toBeLessThan(0x3000);
    expect(await parseBackup(file)).toEqual(made);
  });

  it('is refused when a byte of it is another, or it is cut short', async () => {
    const { made } = await backupOfBoard();
    const file = await serializeBackup(made);
    for (let at = 0; at < file.length; at += 61) {
      const damaged = file.with(at, (file[at] ?? 0) ^ 0x80);
      await expect(parseBackup(damaged)).rejects.toMatchObject({ code: 'flash/bad-backup' });
      await expect(parseBackup(file.subarray(0, at))).rejects.toMatchObject({
        code: 'flash/bad-backup',
      });
    }
  });

  it('never fails in another way', async () => {
    const magic = new TextEncoder().encode('OTAKITBK');
    await assert(
      asyncProperty(uint8Array({ maxLength: 100 }), boolean(), async (bytes, begins) => {
        const file = begins ? Uint8Array.from([...magic, ...bytes]) : bytes;
        await expect(parseBackup(file)).rejects.toMatchObject({ code: 'flash/bad-backup' });
      }),
    );
  });
});

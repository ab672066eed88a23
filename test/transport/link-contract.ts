import { describe, expect, it } from 'vitest';
import type { Link } from '../../src/transport/index.ts';

/** One kind of link, connected to something that sends back what it gets. */
export interface EchoingLink extends AsyncDisposable {
  readonly link: Link;
  /** Makes the far end go away. */
  readonly hangUp: () => Promise<void> | void;
}

/** Every byte there is, so that no transport can get away with a special one. */
const ALL_BYTES = Uint8Array.from({ length: 256 }, (_, value) => value);

/** Reads until `length` bytes have come. */
export async function readExactly(link: Link, length: number): Promise<number[]> {
  const bytes: number[] = [];
  while (bytes.length < length) {
    const chunk = await link.read();
    if (chunk === null) break;
    bytes.push(...chunk);
  }
  return bytes;
}

/** What every {@link Link} does, whatever is behind it. */
export function linkContract(title: string, open: () => Promise<EchoingLink>): void {
  describe(`${title} as a link`, () => {
    it('carries every byte value both ways, in order', async () => {
      await using echo = await open();
      await echo.link.write(ALL_BYTES);
      expect(await readExactly(echo.link, 256)).toEqual([...ALL_BYTES]);
    });

    it('carries more than any buffer holds', async () => {
      await using echo = await open();
      const block = new Uint8Array(4096).fill(0xff);
      let got = 0;
      for (let round = 0; round < 32; round += 1) {
        await echo.link.write(block);
        got += (await readExactly(echo.link, block.length)).length;
      }
      expect(got).toBe(32 * 4096);
    });

    it('gives up reading when aborted, and loses nothing by that', async () => {
      await using echo = await open();
      const abort = new AbortController();
      const reading = echo.link.read(abort.signal);
      abort.abort(new Error('enough'));
      await expect(reading).rejects.toThrow('enough');
      await echo.link.write(Uint8Array.of(7));
      expect(await readExactly(echo.link, 1)).toEqual([7]);
    });

    it('takes a rate and both lines, or ignores them where it has none', async () => {
      await using echo = await open();
      await echo.link.setBaudRate(230_400);
      await echo.link.setSignals({ dtr: false, rts: true });
      await echo.link.setSignals({ dtr: false, rts: false });
      await echo.link.write(Uint8Array.of(1, 2));
      expect(await readExactly(echo.link, 2)).toEqual([1, 2]);
    });

    it('reads null once it is disposed of', async () => {
      const echo = await open();
      const reading = echo.link.read();
      await echo.link[Symbol.asyncDispose]();
      expect(await reading).toBeNull();
      await echo[Symbol.asyncDispose]();
    });

    it('says that the port went away', async () => {
      await using echo = await open();
      const reading = echo.link.read();
      reading.catch(() => {});
      await echo.hangUp();
      await expect(reading).rejects.toMatchObject({ code: 'transport/port-lost' });
    });
  });
}

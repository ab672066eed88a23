import type { Clock } from '../../shared/index.ts';
import { createRfc2217Server } from '../../transport/index.ts';
import type { VirtualChip } from './chip.ts';
import type { ChipListener } from './listen-tcp.ts';
import { linkToChip } from './sim-link.ts';

/** Shares a chip over RFC 2217, with modem lines and rates, as a serial server shares a board. */
export async function listenRfc2217(
  chip: VirtualChip,
  host: string,
  port: number,
  clock: Clock,
): Promise<ChipListener> {
  const server = await createRfc2217Server({
    host,
    port,
    clock,
    open: async () => {
      chip.replug();
      return linkToChip('the virtual chip', chip, 115_200);
    },
  });
  chip.reset('app');
  const shownHost = server.host.includes(':') ? `[${server.host}]` : server.host;
  return {
    target: `rfc2217://${shownHost}:${server.port}`,
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

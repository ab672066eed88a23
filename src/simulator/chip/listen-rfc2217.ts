import type { Clock } from '../../shared/index.ts';
import { createRfc2217Server } from '../../transport/index.ts';
import type { VirtualChip } from './chip.ts';
import { type ChipListener, keepListening, type ListenerOptions } from './listener.ts';
import { linkToChip } from './sim-link.ts';

/** Shares a chip over RFC 2217, with modem lines and rates, as a serial server shares a board. */
export async function listenRfc2217(
  chip: VirtualChip,
  host: string,
  port: number,
  clock: Clock,
  options: ListenerOptions = {},
): Promise<ChipListener> {
  chip.reset('app');
  return keepListening(chip, (again) => listenOnce(chip, host, again ? 0 : port, clock), options);
}

async function listenOnce(
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
  const shownHost = server.host.includes(':') ? `[${server.host}]` : server.host;
  return {
    target: `rfc2217://${shownHost}:${server.port}`,
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

import { systemClock } from '../../shared/index.ts';
import { createRfc2217Server, openLink, type Rfc2217Event } from '../../transport/index.ts';
import type { CliContext } from '../context.ts';
import { asOtakitError, renderError } from '../render-error.ts';

/** The rate until a client asks for another. */
const INITIAL_BAUD_RATE = 115_200;

/** `otakit serial-server PORT`: shares a port until Ctrl-C. */
export async function serialServer(
  context: CliContext,
  target: string,
  listen: { readonly host: string; readonly port: number },
): Promise<void> {
  const open = () => openLink(target, { baudRate: INITIAL_BAUD_RATE, signal: context.signal });
  // Opened once beforehand, so that a wrong port is said now and not to the first client.
  await (await open())[Symbol.asyncDispose]();
  await using server = await createRfc2217Server({
    ...listen,
    clock: systemClock,
    open,
    onEvent: (event) => report(context, event),
  });
  const host = server.host.includes(':') ? `[${server.host}]` : server.host;
  context.stdout.write(`rfc2217://${host}:${server.port}\n`);
  context.stderr.write(`Sharing ${target}. Ctrl-C stops.\n`);
  await new Promise<void>((_, reject) => {
    const stop = () => reject(context.signal.reason as Error);
    if (context.signal.aborted) stop();
    context.signal.addEventListener('abort', stop, { once: true });
  });
}

function report(context: CliContext, event: Rfc2217Event): void {
  if (event.kind === 'failed') {
    renderError(asOtakitError(event.error), context, false);
    return;
  }
  const words = {
    connected: 'connected',
    disconnected: 'disconnected',
    refused: 'turned away: another client has the port',
  };
  context.stderr.write(`${event.peer} ${words[event.kind]}\n`);
}

import type { BlobStage, StagedBlob } from '../blobs/blob-store.ts';
import { FleetError } from '../codes.ts';

/** What was said of bytes before they came. */
export interface Announced {
  readonly sizeBytes?: number;
  readonly sha256?: string;
}

/**
 * Takes bytes in as they come; memory stays at one chunk, whatever comes.
 *
 * @throws FleetError `fleet/digest-mismatch`, `fleet/too-large`; or the reason of the signal
 */
export async function receive(
  stage: BlobStage,
  bytes: AsyncIterable<Uint8Array>,
  announced: Announced,
  signal: AbortSignal | undefined,
): Promise<StagedBlob> {
  let received = 0;
  for await (const chunk of untilAborted(bytes, signal)) {
    received += chunk.length;
    // Nothing that follows could make it right again.
    if (received > (announced.sizeBytes ?? Infinity)) break;
    await stage.write(chunk);
  }
  if (announced.sizeBytes !== undefined && received !== announced.sizeBytes) {
    const more = received > announced.sizeBytes ? 'at least ' : '';
    throw mismatch(`${announced.sizeBytes} bytes were announced, ${more}${received} came`, {
      announcedBytes: announced.sizeBytes,
      receivedBytes: received,
    });
  }
  const staged = await stage.finish();
  if (announced.sha256 !== undefined && announced.sha256 !== staged.sha256) {
    throw mismatch(`SHA-256 ${announced.sha256} was announced, ${staged.sha256} came`, {
      announced: announced.sha256,
      received: staged.sha256,
    });
  }
  return staged;
}

/** The chunks of a source, given up at once when the signal says so, even where none comes any more. */
async function* untilAborted(
  bytes: AsyncIterable<Uint8Array>,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array> {
  // Not a race with one promise for the abort: that would hold every chunk until the last one has come.
  let giveUp: ((reason: unknown) => void) | null = null;
  const abort = () => giveUp?.(signal?.reason);
  signal?.addEventListener('abort', abort, { once: true });
  const iterator = bytes[Symbol.asyncIterator]();
  let ended = false;
  try {
    for (;;) {
      signal?.throwIfAborted();
      const next = await new Promise<IteratorResult<Uint8Array>>((resolve, reject) => {
        giveUp = reject;
        iterator.next().then(resolve, reject);
      });
      if (next.done === true) {
        ended = true;
        return;
      }
      yield next.value;
    }
  } finally {
    signal?.removeEventListener('abort', abort);
    // Not awaited: a source that hangs would hang here as well.
    if (!ended) void Promise.resolve(iterator.return?.()).catch(() => undefined);
  }
}

function mismatch(message: string, details: Readonly<Record<string, unknown>>): FleetError {
  return new FleetError('fleet/digest-mismatch', `${message}.`, {
    hint: 'Nothing was kept. Send it again, with the size and digest of this very file.',
    details,
  });
}

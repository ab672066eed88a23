/** Received bytes between a port that pushes them and the one reader that asks for them. */
export class Incoming {
  readonly #chunks: Uint8Array[] = [];
  #waiting: PromiseWithResolvers<void> | null = null;
  #ended: { readonly error: Error | null } | null = null;

  push(chunk: Uint8Array): void {
    if (chunk.length === 0 || this.#ended !== null) return;
    this.#chunks.push(chunk);
    this.#wake();
  }

  /** No more bytes will come: in an orderly way, or because of `error`. What came before stays readable. */
  end(error: Error | null = null): void {
    this.#ended ??= { error };
    this.#wake();
  }

  discard(): void {
    this.#chunks.length = 0;
  }

  /** See {@link Link.read}. */
  async read(signal?: AbortSignal): Promise<Uint8Array | null> {
    for (;;) {
      signal?.throwIfAborted();
      const chunk = this.#chunks.shift();
      if (chunk !== undefined) return chunk;
      if (this.#ended?.error) throw this.#ended.error;
      if (this.#ended) return null;
      this.#waiting ??= Promise.withResolvers();
      await untilAborted(this.#waiting.promise, signal);
    }
  }

  #wake(): void {
    this.#waiting?.resolve();
    this.#waiting = null;
  }
}

async function untilAborted(
  promise: Promise<void>,
  signal: AbortSignal | undefined,
): Promise<void> {
  if (signal === undefined) return promise;
  const aborted = Promise.withResolvers<void>();
  const abort = () => aborted.resolve();
  signal.addEventListener('abort', abort, { once: true });
  try {
    await Promise.race([promise, aborted.promise]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}

import { type ClientHttp2Session, connect } from 'node:http2';
import type { ProtoMessage } from '../../../machine-config/index.ts';
import { decodeMessage, encodeMessage } from './frames.ts';
import { RpcStatus, STATUS } from './status.ts';

/** How a call is made. */
export interface CallOptions {
  readonly token?: string | null;
  readonly signal?: AbortSignal | undefined;
}

/** A gRPC client on one HTTP/2 connection, made with the first call and again when it is lost. */
export class RpcConnection implements Disposable {
  readonly #origin: string;
  #session: ClientHttp2Session | null = null;

  /** @param origin such as `http://127.0.0.1:8080`, or `https://app.viam.com` */
  constructor(origin: string) {
    this.#origin = origin;
  }

  /** One request, one answer; the answer's bytes. Rejects with an `RpcStatus`. */
  call(
    path: string,
    message: ProtoMessage,
    { token, signal }: CallOptions = {},
  ): Promise<Uint8Array> {
    return new Promise((resolve, reject) => {
      const stream = this.#connected().request(
        {
          ':method': 'POST',
          ':path': path,
          'content-type': 'application/grpc',
          te: 'trailers',
          ...(token === null || token === undefined ? {} : { authorization: `Bearer ${token}` }),
        },
        signal === undefined ? {} : { signal },
      );
      const chunks: Buffer[] = [];
      let status: RpcStatus | null = null;
      const readStatus = (headers: Readonly<Record<string, unknown>>) => {
        const code = headers['grpc-status'];
        if (typeof code !== 'string') return;
        const text = headers['grpc-message'];
        const said = typeof text === 'string' ? decodeURIComponent(text) : '';
        status = new RpcStatus(Number(code), said);
      };
      stream.on('response', readStatus);
      stream.on('trailers', readStatus);
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('error', (error) => reject(new RpcStatus(STATUS.unavailable, error.message)));
      stream.on('close', () => {
        if (status === null) reject(new RpcStatus(STATUS.unavailable, 'there was no answer'));
        else if (status.status !== STATUS.ok) reject(status);
        else resolve(decodeMessage(Buffer.concat(chunks)));
      });
      stream.end(encodeMessage(message.toBinary()));
    });
  }

  [Symbol.dispose](): void {
    this.#session?.destroy();
    this.#session = null;
  }

  #connected(): ClientHttp2Session {
    if (this.#session !== null && !this.#session.closed && !this.#session.destroyed) {
      return this.#session;
    }
    const session = connect(this.#origin);
    session.on('error', () => {
      // Shows as the failure of the calls on it.
    });
    this.#session = session;
    return session;
  }
}

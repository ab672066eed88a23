import { type ClientHttp2Session, connect } from 'node:http2';
import type { ProtoMessage } from '../../../machine-config/index.ts';
import { decodeMessage, encodeMessage } from './frames.ts';
import { RpcStatus, STATUS } from './status.ts';

/** No answer came: the connection failed, or the other side does not speak gRPC. */
export class RpcConnectionError extends Error {}

/** Far more than any answer of a cloud has. */
const MAX_ANSWER_BYTES = 4 * 1024 * 1024;

/** A gRPC client on one HTTP/2 connection, which is made with the first call. */
export class RpcConnection implements Disposable {
  readonly #origin: string;
  #session: ClientHttp2Session | null = null;

  /** @param origin such as `http://127.0.0.1:8080`, or `https://app.viam.com` */
  constructor(origin: string) {
    this.#origin = origin;
  }

  /**
   * One request, one answer; the answer's bytes.
   *
   * @throws RpcStatus what the other side answered instead
   * @throws RpcConnectionError
   */
  call(
    path: string,
    message: ProtoMessage,
    { token = null }: { readonly token?: string | null } = {},
  ): Promise<Uint8Array> {
    return new Promise((resolve, reject) => {
      this.#session ??= open(this.#origin, reject);
      const stream = this.#session.request({
        ':method': 'POST',
        ':path': path,
        'content-type': 'application/grpc',
        te: 'trailers',
        'user-agent': 'esp32',
        ...(token === null ? {} : { authorization: `Bearer ${token}` }),
      });
      const answer = new Answer();
      stream.on('response', (headers) => answer.readHead(headers));
      stream.on('trailers', (trailers) => answer.readStatus(trailers));
      stream.on('data', (chunk: Buffer) => {
        if (!answer.add(chunk)) stream.close();
      });
      stream.on('error', (error) => reject(new RpcConnectionError(error.message)));
      stream.on('close', () => {
        try {
          resolve(answer.message());
        } catch (error) {
          reject(error);
        }
      });
      stream.end(encodeMessage(message.toBinary()));
    });
  }

  [Symbol.dispose](): void {
    this.#session?.destroy();
  }
}

function open(origin: string, reject: (error: Error) => void): ClientHttp2Session {
  const session = connect(origin);
  // The streams on it only learn that it is gone; the reason is told here.
  session.on('error', (error) => reject(new RpcConnectionError(error.message)));
  return session;
}

/** What comes back on one stream. */
class Answer {
  readonly #chunks: Buffer[] = [];
  #bytes = 0;
  #httpStatus: number | null = null;
  #status: RpcStatus | null = null;

  readHead(headers: Readonly<Record<string, unknown>>): void {
    this.#httpStatus = Number(headers[':status']);
    this.readStatus(headers);
  }

  /** The status comes behind the message, or in its place. */
  readStatus(headers: Readonly<Record<string, unknown>>): void {
    const { 'grpc-status': code, 'grpc-message': text } = headers;
    if (typeof code !== 'string') return;
    this.#status = new RpcStatus(Number(code), typeof text === 'string' ? decodeText(text) : '');
  }

  /** Answers with whether it may go on. */
  add(chunk: Buffer): boolean {
    this.#bytes += chunk.length;
    if (this.#bytes <= MAX_ANSWER_BYTES) this.#chunks.push(chunk);
    return this.#bytes <= MAX_ANSWER_BYTES;
  }

  message(): Uint8Array {
    if (this.#bytes > MAX_ANSWER_BYTES) {
      throw new RpcConnectionError(`more than ${MAX_ANSWER_BYTES} bytes of answer`);
    }
    if (this.#status === null) throw new RpcConnectionError(this.#withoutStatus());
    if (this.#status.status !== STATUS.ok) throw this.#status;
    return decodeMessage(Buffer.concat(this.#chunks));
  }

  #withoutStatus(): string {
    if (this.#httpStatus === null) return 'connection closed before message completed';
    return this.#httpStatus === 200
      ? 'the answer has no grpc-status'
      : `http request error ${this.#httpStatus}`;
  }
}

/** Percent-encoded, unless whoever wrote it did not know that. */
function decodeText(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

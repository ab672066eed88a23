import {
  createServer as createHttp2Server,
  type Http2SecureServer,
  type Http2Server,
  type ServerHttp2Stream,
} from 'node:http2';
import { createServer as createTcpServer, type Server, type Socket } from 'node:net';
import type { AddressInfo } from 'node:net';

/** A server on an ephemeral port of the loopback interface. */
export interface TestServer extends AsyncDisposable {
  readonly port: number;
  /** `http://127.0.0.1:port` */
  readonly origin: string;
}

/** A request as Node's own HTTP/2 server saw it. */
export interface SeenRequest {
  readonly headers: Readonly<Record<string, unknown>>;
  readonly stream: ServerHttp2Stream;
}

/** Node's HTTP/2 server, with prior knowledge; it remembers the requests. */
export async function serveHttp2(
  respond: (request: SeenRequest) => void,
): Promise<TestServer & { readonly requests: SeenRequest[] }> {
  const requests: SeenRequest[] = [];
  const server = createHttp2Server();
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => sockets.add(socket));
  server.on('sessionError', () => {});
  server.on('stream', (stream, headers) => {
    stream.on('error', () => {});
    const request = { headers, stream };
    requests.push(request);
    respond(request);
  });
  return { ...(await listening(server, sockets)), requests };
}

/** Answers with bytes and their exact length. */
export function respondWith(bytes: Uint8Array, headers: Record<string, unknown> = {}) {
  return ({ stream }: SeenRequest): void => {
    stream.respond({ ':status': 200, 'content-length': bytes.length, ...headers });
    stream.end(bytes);
  };
}

/** One connection of a server that says exactly what a test tells it to. */
export interface RawPeer {
  readonly socket: Socket;
  /** Sends HEADERS, each field a literal. */
  readonly headers: (
    status: number,
    fields?: Readonly<Record<string, string>>,
    endStream?: boolean,
  ) => void;
  /** Sends one DATA frame. */
  readonly data: (payload: Uint8Array, endStream?: boolean) => void;
  readonly frame: (type: number, flags: number, streamId: number, payload: Uint8Array) => void;
}

/** Speaks HTTP/2 frames by hand: what no well-behaved library would send. */
export async function serveRaw(
  onRequest: (peer: RawPeer) => void,
): Promise<TestServer & { readonly received: () => Buffer }> {
  const sockets = new Set<Socket>();
  let received = Buffer.alloc(0);
  const server = createTcpServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    let seen = Buffer.alloc(0);
    let answered = false;
    socket.on('data', (chunk) => {
      received = Buffer.concat([received, chunk]);
      seen = Buffer.concat([seen, chunk]);
      if (answered || !hasHeadersFrame(seen)) return;
      answered = true;
      const peer = rawPeer(socket);
      peer.frame(4, 0, 0, new Uint8Array(0));
      onRequest(peer);
    });
  });
  return { ...(await listening(server, sockets)), received: () => received };
}

/** A TCP server that does whatever the test wants with each connection. */
export async function serveTcp(onConnection: (socket: Socket) => void): Promise<TestServer> {
  const sockets = new Set<Socket>();
  const server = createTcpServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    onConnection(socket);
  });
  return listening(server, sockets);
}

/** Starts any server on loopback; disposing of it drops its connections too. */
export async function listening(
  server: Server | Http2Server | Http2SecureServer,
  sockets: Set<Socket>,
): Promise<TestServer> {
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    port,
    origin: `http://127.0.0.1:${port}`,
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        for (const socket of sockets) socket.destroy();
        server.close(() => resolve());
      }),
  };
}

const PREFACE_BYTES = 24;

function hasHeadersFrame(bytes: Buffer): boolean {
  let offset = PREFACE_BYTES;
  while (offset + 9 <= bytes.length) {
    const length = bytes.readUIntBE(offset, 3);
    if (offset + 9 + length > bytes.length) return false;
    if (bytes[offset + 3] === 1) return true;
    offset += 9 + length;
  }
  return false;
}

function rawPeer(socket: Socket): RawPeer {
  const frame: RawPeer['frame'] = (type, flags, streamId, payload) => {
    const header = Buffer.alloc(9);
    header.writeUIntBE(payload.length, 0, 3);
    header[3] = type;
    header[4] = flags;
    header.writeUInt32BE(streamId, 5);
    socket.write(Buffer.concat([header, payload]));
  };
  return {
    socket,
    frame,
    headers: (status, fields = {}, endStream = false) => {
      const block = Object.entries({ ':status': String(status), ...fields }).map(literalField);
      frame(1, 0x4 | (endStream ? 1 : 0), 1, Buffer.concat(block));
    },
    data: (payload, endStream = false) => frame(0, endStream ? 1 : 0, 1, payload),
  };
}

function literalField([name, value]: readonly [string, string]): Buffer {
  const text = (string: string) =>
    Buffer.concat([Buffer.of(string.length), Buffer.from(string, 'latin1')]);
  return Buffer.concat([Buffer.of(0), text(name), text(value)]);
}

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo, connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { runPeer } from './run-peer.ts';

/** A load generator: how to call it, and where its output has the rate. */
export interface LoadGenerator {
  readonly name: string;
  readonly args: readonly string[];
  readonly rate: RegExp;
}

/** HTTP/1.1. */
export const wrk = (connections: number, seconds: number): LoadGenerator => ({
  name: 'wrk',
  args: ['-t1', `-c${connections}`, `-d${seconds}s`],
  rate: /Requests\/sec:\s+([\d.]+)/,
});

/** HTTP/2 with prior knowledge. */
export const h2load = (connections: number, seconds: number): LoadGenerator => ({
  name: 'h2load',
  args: ['-t1', `-c${connections}`, '-m1', `-D${seconds}`],
  rate: /finished in [\d.]+s, ([\d.]+) req\/s/,
});

/** Runs a generator against a URL; gives requests per second, and throws for a run with errors. */
export async function rateOf(
  path: string,
  { args, rate }: LoadGenerator,
  url: string,
  more: readonly string[] = [],
): Promise<number> {
  const { stdout } = await runPeer(path, [...args, ...more, url]);
  const match = rate.exec(stdout.toString());
  if (match === null || /Non-2xx|[1-9]\d* (?:4xx|5xx|failed)/.test(stdout.toString()))
    throw new Error(`no good run: ${stdout.toString()}`);
  return Number(match[1]);
}

/** A server that somebody else wrote, and where it has what it serves. */
export interface RunningPeer {
  readonly child: ChildProcess;
  /** Without a path. */
  readonly url: string;
}

/** As many workers as there are cores, and the kernel copies the file: what nginx is good at. */
export async function startNginx(path: string, folder: string): Promise<RunningPeer> {
  const port = await freePort();
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    .map((name) => `${name}_temp_path ${folder}/${name};`)
    .join(' ');
  // As root its workers would change to a user who may not read a temporary folder.
  const runsAsRoot = process.getuid?.() === 0;
  const configuration = join(folder, 'nginx.conf');
  await writeFile(
    configuration,
    `worker_processes auto; daemon off; ${runsAsRoot ? 'user root;' : ''} pid ${folder}/nginx.pid; error_log stderr crit;
     events { worker_connections 1024; }
     http { access_log off; sendfile on; tcp_nopush on; ${temporary}
            server { listen 127.0.0.1:${port}; root ${folder}; } }`,
  );
  return ready(spawn(path, ['-c', configuration], { stdio: 'ignore' }), port);
}

/** The server of nghttp2. */
export async function startNghttpd(path: string, folder: string): Promise<RunningPeer> {
  const port = await freePort();
  const args = ['--no-tls', '-a', '127.0.0.1', '-d', folder, String(port)];
  return ready(spawn(path, args, { stdio: 'ignore' }), port);
}

async function ready(child: ChildProcess, port: number): Promise<RunningPeer> {
  for (let attempt = 0; attempt < 100; attempt += 1) {
    const socket = connect(port, '127.0.0.1');
    try {
      await once(socket, 'connect');
      return { child, url: `http://127.0.0.1:${port}` };
    } catch {
      await sleep(50);
    } finally {
      socket.destroy();
    }
  }
  throw new Error(`nothing listens on ${port}`);
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo, connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { findPeer } from '../support/peer.ts';
import { runPeer } from '../support/run-peer.ts';
import { startServeProcess } from '../support/serve-process.ts';
import { type Benchmark, median } from './benchmark.ts';

const MIB = 1024 * 1024;
const CONNECTIONS = 64;
const SECONDS = 3;
const ROUNDS = 3;

/** A load generator: how to call it, and where its output has the rate. */
interface LoadGenerator {
  readonly name: string;
  readonly args: readonly string[];
  readonly rate: RegExp;
}

const WRK: LoadGenerator = {
  name: 'wrk',
  args: ['-t1', `-c${CONNECTIONS}`, `-d${SECONDS}s`],
  rate: /Requests\/sec:\s+([\d.]+)/,
};
const H2LOAD: LoadGenerator = {
  name: 'h2load',
  args: ['-t1', `-c${CONNECTIONS}`, '-m1', `-D${SECONDS}`],
  rate: /finished in [\d.]+s, ([\d.]+) req\/s/,
};

/** The same 1 MiB file at 64 connections, ours and the peer by turns, on loopback. */
export const benchmark: Benchmark = {
  title: `serve: downloads of 1 MiB over ${CONNECTIONS} connections`,
  run: async (report) => {
    await using ours = await startServeProcess(MIB);
    const pairs = [
      ['HTTP/1.1', WRK, 'nginx', nginx],
      ['HTTP/2', H2LOAD, 'nghttpd', nghttpd],
    ] as const;
    for (const [protocol, generator, peerName, startPeer] of pairs) {
      const load = findPeer(generator.name);
      if (load === null) {
        console.error(`${generator.name} is not installed: no ${protocol} throughput`);
        continue;
      }
      const peerPath = findPeer(peerName);
      const peer = peerPath === null ? null : await startPeer(peerPath, ours.folder);
      const rates: Record<'ours' | 'peer', number[]> = { ours: [], peer: [] };
      for (let round = 0; round < ROUNDS; round += 1) {
        rates.ours.push(await rateOf(load, generator, ours.url));
        if (peer !== null) rates.peer.push(await rateOf(load, generator, peer.url));
      }
      report({
        what: `serve: 1 MiB over ${CONNECTIONS} connections, ${protocol}`,
        unit: 'MiB/s',
        ours: median(rates.ours),
        peer: { name: peerName, value: peer === null ? null : median(rates.peer) },
        better: 'higher',
      });
      if (peer !== null) await stop(peer.child);
    }
  },
};

async function rateOf(path: string, { args, rate }: LoadGenerator, url: string): Promise<number> {
  const { stdout } = await runPeer(path, [...args, url]);
  const match = rate.exec(stdout.toString());
  if (match === null || /Non-2xx|[1-9]\d* (?:4xx|5xx|failed)/.test(stdout.toString()))
    throw new Error(`no good run: ${stdout.toString()}`);
  return Number(match[1]);
}

interface RunningPeer {
  readonly child: ChildProcess;
  readonly url: string;
}

/** As many workers as there are cores, and the kernel copies the file: what nginx is good at. */
async function nginx(path: string, folder: string): Promise<RunningPeer> {
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

async function nghttpd(path: string, folder: string): Promise<RunningPeer> {
  const port = await freePort();
  const args = ['--no-tls', '-a', '127.0.0.1', '-d', folder, String(port)];
  return ready(spawn(path, args, { stdio: 'ignore' }), port);
}

async function ready(child: ChildProcess, port: number): Promise<RunningPeer> {
  for (let attempt = 0; attempt < 100; attempt += 1) {
    const socket = connect(port, '127.0.0.1');
    try {
      await once(socket, 'connect');
      return { child, url: `http://127.0.0.1:${port}/app.bin` };
    } catch {
      await sleep(50);
    } finally {
      socket.destroy();
    }
  }
  throw new Error(`nothing listens on ${port}`);
}

async function stop(child: ChildProcess): Promise<void> {
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  await ended;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

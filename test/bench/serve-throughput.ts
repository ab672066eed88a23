import { h2load, rateOf, startNghttpd, startNginx, wrk } from '../support/download-load.ts';
import { findPeer } from '../support/peer.ts';
import { stopProcess } from '../support/process-usage.ts';
import { startServeProcess } from '../support/serve-process.ts';
import { type Benchmark, median } from './benchmark.ts';

const MIB = 1024 * 1024;
const CONNECTIONS = 64;
const SECONDS = 3;
const ROUNDS = 3;

/** The same 1 MiB file at 64 connections, ours and the peer by turns, on loopback. */
export const benchmark: Benchmark = {
  title: `serve: downloads of 1 MiB over ${CONNECTIONS} connections`,
  run: async (report) => {
    await using ours = await startServeProcess(MIB);
    const pairs = [
      ['HTTP/1.1', wrk(CONNECTIONS, SECONDS), 'nginx', startNginx],
      ['HTTP/2', h2load(CONNECTIONS, SECONDS), 'nghttpd', startNghttpd],
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
        if (peer !== null) rates.peer.push(await rateOf(load, generator, `${peer.url}/app.bin`));
      }
      report({
        what: `serve: 1 MiB over ${CONNECTIONS} connections, ${protocol}`,
        unit: 'MiB/s',
        ours: median(rates.ours),
        peer: { name: peerName, value: peer === null ? null : median(rates.peer) },
        better: 'higher',
      });
      if (peer !== null) await stopProcess(peer.child);
    }
  },
};

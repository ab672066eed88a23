import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { get, PREFACE, settings, windowUpdate } from '../support/h2-frames.ts';
import { peakResidentBytes } from '../support/process-usage.ts';
import { startServeProcess } from '../support/serve-process.ts';
import type { Benchmark } from './benchmark.ts';

const MB = 1024 * 1024;
const IMAGE_BYTES = 4 * MB;
const READERS = 500;
const SECONDS = 5;
/** A board on a bad network: what each reader takes every 100 ms. */
const BITE_BYTES = 4096;

/** The most memory that the server ever had while so many devices read slowly, all at once. */
export const benchmark: Benchmark = {
  title: `serve: ${READERS} slow downloads of 4 MB at once`,
  run: async (report) => {
    const requests = {
      'HTTP/1.1': (path: string) => Buffer.from(`GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`),
      // The windows that micro-RDK opens.
      'HTTP/2': (path: string) =>
        Buffer.concat([
          PREFACE,
          settings({ 4: 2_097_152, 5: 16_384 }),
          windowUpdate(0, 5_177_345),
          get(1, path),
        ]),
    };
    for (const [protocol, request] of Object.entries(requests)) {
      await using server = await startServeProcess(IMAGE_BYTES);
      const { port, pathname } = new URL(server.url);
      const readers: Socket[] = [];
      for (let index = 0; index < READERS; index += 1) {
        const socket = connect({ port: Number(port), host: '127.0.0.1' });
        socket.on('error', () => {});
        socket.pause();
        await once(socket, 'connect');
        socket.write(request(pathname));
        readers.push(socket);
      }
      for (let tick = 0; tick < SECONDS * 10; tick += 1) {
        for (const socket of readers) socket.read(BITE_BYTES);
        await sleep(100);
      }
      const open = readers.filter((socket) => !socket.destroyed).length;
      if (open < READERS) throw new Error(`only ${open} of ${READERS} downloads are still running`);
      report({
        what: `serve: peak memory with ${READERS} slow downloads of 4 MB, ${protocol}`,
        unit: 'MB',
        ours: (await peakResidentBytes(server)) / MB,
        peer: { name: 'goal: image + 100 MB', value: (IMAGE_BYTES + 100 * MB) / MB },
        better: 'lower',
      });
      for (const socket of readers) socket.destroy();
    }
  },
};

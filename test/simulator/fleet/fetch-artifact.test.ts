import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import { createDeviceHttp, DeviceClient } from '../../../src/simulator/index.ts';
import { UpdateGivenUp } from '../../../src/simulator/fleet/failure.ts';
import { type Arrival, fetchArtifact } from '../../../src/simulator/fleet/fetch-artifact.ts';
import type { Offer } from '../../../src/simulator/fleet/wire.ts';
import { ManualClock } from '../../support/manual-clock.ts';

const bytes = new Uint8Array(200_000).map((_, index) => (index * 31) & 0xff);
const sha256 = createHash('sha256').update(bytes).digest('hex');

/** Serves ranges as they should be; each test spoils it in its own way. */
const good: RequestListener = (request, response) => {
  const start = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1]);
  const range = `bytes ${start}-${bytes.length - 1}/${bytes.length}`;
  response.writeHead(206, { 'content-range': range }).end(bytes.subarray(start));
};

async function fetched(
  listener: RequestListener,
  more: { readonly cutAtBytes?: number; readonly onHead?: () => void } = {},
): Promise<{ arrival: Arrival; resumed: number[]; slept: number[]; requests: number }> {
  let requests = 0;
  const server = createServer((request, response) => {
    requests += 1;
    listener(request, response);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  using http = createDeviceHttp(url, 4);
  const clock = new ManualClock(() => true);
  const resumed: number[] = [];
  const offer: Offer = {
    package_id: 'main',
    type: 'fw',
    version: '2',
    artifact_id: 'art_x',
    size_bytes: bytes.length,
    checksum: sha256,
    rollout_id: null,
    artifact_url: `${url}/d/token/fw.bin`,
    secure_version: null,
    signatures: [],
  };
  try {
    const arrival = await fetchArtifact(offer, {
      client: new DeviceClient(http, { deviceId: 'dev', secret: 's' }),
      clock,
      signal: new AbortController().signal,
      fetches: 'whole',
      cutAtBytes: more.cutAtBytes ?? null,
      onHead: more.onHead ?? (() => {}),
      onResumed: (from) => resumed.push(from),
      onBytes: () => {},
    });
    return { arrival, resumed, slept: clock.slept, requests };
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

describe('fetchArtifact', () => {
  it('hashes what comes', async () => {
    const { arrival, requests } = await fetched(good);
    expect(arrival.sha256()).toBe(sha256);
    expect(requests).toBe(1);
  });

  it('resumes from the byte that it has, after a second', async () => {
    const { arrival, resumed, slept } = await fetched(good, { cutAtBytes: 100_000 });
    expect(arrival.sha256()).toBe(sha256);
    expect(resumed).toHaveLength(1);
    expect(resumed[0]).toBeGreaterThanOrEqual(100_000);
    expect(slept).toEqual([1000]);
  });

  it('resumes when the server breaks off', async () => {
    let first = true;
    const { arrival } = await fetched((request, response) => {
      if (!first) return good(request, response);
      first = false;
      response.writeHead(206, {
        'content-range': `bytes 0-${bytes.length - 1}/${bytes.length}`,
        'content-length': bytes.length,
      });
      return response.write(bytes.subarray(0, 50_000), () => response.destroy());
    });
    expect(arrival.sha256()).toBe(sha256);
  });

  it('waits as long as Retry-After says', async () => {
    let first = true;
    const { slept } = await fetched((request, response) => {
      if (!first) return good(request, response);
      first = false;
      return response.writeHead(503, { 'retry-after': '7' }).end('{}');
    });
    expect(slept).toEqual([7000]);
  });

  it('gives up where the server refuses for good', async () => {
    const gone: RequestListener = (_, response) =>
      response.writeHead(403).end('{"detail":"not yours"}');
    await expect(fetched(gone)).rejects.toThrow(
      new UpdateGivenUp('the server refused the download: not yours'),
    );
  });

  it('gives up after fifteen failures in a row, each a longer wait', async () => {
    const broken: RequestListener = (_, response) => response.destroy();
    await expect(fetched(broken)).rejects.toThrow('gave up after 16 failures');
  });

  it('never writes a whole body at the place where it meant to go on', async () => {
    const ignoresRanges: RequestListener = (request, response) =>
      request.headers.range === 'bytes=0-'
        ? good(request, response)
        : response.writeHead(200).end(bytes);
    await expect(fetched(ignoresRanges, { cutAtBytes: 1000 })).rejects.toThrow(
      /status 200 in answer to a range/,
    );
  });

  it('does not take a part that it did not ask for', async () => {
    const wrong: RequestListener = (_, response) =>
      response.writeHead(206, { 'content-range': 'bytes 5-9/10' }).end('12345');
    await expect(fetched(wrong)).rejects.toThrow(/Content-Range "bytes 5-9\/10"/);
  });

  it('stops an endless body at the size that was announced', async () => {
    const endless: RequestListener = (_, response) => {
      const range = `bytes 0-${bytes.length - 1}/${bytes.length}`;
      response.writeHead(206, { 'content-range': range });
      response.write(bytes);
      response.end(bytes);
    };
    await expect(fetched(endless)).rejects.toThrow(/more bytes came than the 200000/);
  });

  it('refuses by the first bytes, before the rest comes', async () => {
    const onHead = () => {
      throw new UpdateGivenUp('not for this chip');
    };
    await expect(fetched(good, { onHead })).rejects.toThrow('not for this chip');
  });
});

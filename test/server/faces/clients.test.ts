import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { Agent, type IncomingMessage, request } from 'node:http';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type FaceHost, startFaceHost } from '../../support/face-host.ts';
import { describeWithPeers } from '../../support/peer.ts';
import { runPeer } from '../../support/run-peer.ts';
import { temporaryFolder } from '../../support/temp-folder.ts';

const bytes = new Uint8Array(200_001).map((_, index) => (index * 31) & 0xff);

async function host(): Promise<FaceHost & { readonly device: string }> {
  const started = await startFaceHost();
  started.gate.add('one', 'otd_one');
  started.gate.assign('one', { version: '1.1.0', bytes });
  return Object.assign(started, { device: `${started.url}/api/v1/devices/one` });
}

describeWithPeers(['curl'], 'the device protocol, spoken by curl', ([curl = '']) => {
  const run = async (...args: string[]) => {
    const { exitCode, stdout, stderr } = await runPeer(curl, ['-sS', ...args]);
    expect(stderr).toBe('');
    expect(exitCode).toBe(0);
    return stdout;
  };
  const offerOf = async (server: { readonly device: string }, ...how: string[]) =>
    JSON.parse((await run(...how, `${server.device}/ota`)).toString()) as { artifact_url: string };

  it.each([
    ['a bearer secret', ['-H', 'Authorization: Bearer otd_one']],
    ['id and secret', ['-u', 'one:otd_one']],
    ['HTTP/1.0', ['--http1.0', '-u', 'one:otd_one']],
    ['HTTP/2', ['--http2-prior-knowledge', '-u', 'one:otd_one']],
  ])('asks with %s', async (_, how) => {
    await using server = await host();
    expect(await offerOf(server, ...how)).toMatchObject({ update_available: true });
  });

  it.each([['--http1.1'], ['--http2-prior-knowledge']])(
    'downloads and resumes with %s',
    async (protocol) => {
      await using server = await host();
      const { artifact_url: url } = await offerOf(server, '-u', 'one:otd_one');
      expect(await run(protocol, url)).toEqual(Buffer.from(bytes));
      expect(await run(protocol, '-r', '1000-1999', url)).toEqual(
        Buffer.from(bytes.subarray(1000, 2000)),
      );
      expect(await run(protocol, '-r', '-7', url)).toEqual(Buffer.from(bytes.subarray(-7)));
      const file = join(await temporaryFolder(), 'fw.bin');
      await writeFile(file, bytes.subarray(0, 77_777));
      await run(protocol, '-C', '-', '-o', file, url);
      expect(await run(`file://${file}`)).toEqual(Buffer.from(bytes));
    },
  );

  it.each(['--http1.1', '--http2-prior-knowledge'])(
    'reports a boot in one line with %s',
    async (protocol) => {
      await using server = await host();
      const how = ['--fail', protocol, '-u', 'one:otd_one'];
      await run(...how, '-d', 'main=1.1.0+5', `${server.device}/boot`);
      expect(server.gate.boots).toMatchObject([{ packageId: 'main', version: '1.1.0+5' }]);
    },
  );

  it('fetches a chunk as bytes', async () => {
    await using server = await host();
    const accept = ['-H', 'Accept: application/octet-stream', '-u', 'one:otd_one'];
    const chunk = await run(...accept, `${server.device}/ota/chunk?offset=200000&size=50`);
    expect(chunk).toEqual(Buffer.from(bytes.subarray(200_000)));
  });
});

async function collect(answer: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of answer as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks);
}

describe('the requests of esp_https_ota', () => {
  /** One request as `esp_http_client` writes it, on a connection that it keeps. */
  async function send(
    agent: Agent,
    url: string,
    method: string,
    headers: Record<string, string> = {},
  ): Promise<{ answer: IncomingMessage; body: Buffer }> {
    const sent = request(url, {
      method,
      agent,
      headers: { 'User-Agent': 'ESP32 HTTP Client/1.0', 'Content-Length': '0', ...headers },
    }).end();
    const [answer] = (await once(sent, 'response')) as [IncomingMessage];
    return { answer, body: await collect(answer) };
  }

  it('HEAD, then ranges of 64 KiB, the last of which ends one past the end', async () => {
    await using server = await host();
    const agent = new Agent({ keepAlive: true });
    const { body } = await send(agent, `${server.device}/ota`, 'GET', {
      Authorization: `Basic ${btoa('one:otd_one')}`,
    });
    const { artifact_url: url } = JSON.parse(body.toString()) as { artifact_url: string };
    const head = await send(agent, url, 'HEAD');
    expect(head.answer.statusCode).toBe(200);
    // The names are compared letter by letter by some clients.
    expect(head.answer.rawHeaders).toContain('Content-Length');
    const length = Number(head.answer.headers['content-length']);
    expect(length).toBe(bytes.length);
    const parts: Buffer[] = [];
    for (let at = 0; at < length; at += 65_536) {
      const end = Math.min(at + 65_535, length);
      const part = await send(agent, url, 'GET', { Range: `bytes=${at}-${end}` });
      expect(part.answer.statusCode).toBe(206);
      expect(part.answer.rawHeaders).toContain('Content-Range');
      parts.push(part.body);
    }
    expect(Buffer.concat(parts)).toEqual(Buffer.from(bytes));
    agent.destroy();
  });

  it('a fresh start that asks for a range from 0, as resumption does, gets 206', async () => {
    await using server = await host();
    const agent = new Agent();
    const { body } = await send(agent, `${server.device}/ota`, 'GET', {
      Authorization: 'Bearer otd_one',
    });
    const { artifact_url: url } = JSON.parse(body.toString()) as { artifact_url: string };
    expect(url.length).toBeLessThanOrEqual(200);
    const { answer } = await send(agent, url, 'GET', { Range: 'bytes=0-' });
    expect(answer.statusCode).toBe(206);
  });
});

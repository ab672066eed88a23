import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { createAddressGuard } from '../../../src/fleet/addresses/address-guard.ts';
import { fetchUri } from '../../../src/fleet/artifacts/fetch-uri.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import { describeWithPeers } from '../../support/peer.ts';
import { runPeer } from '../../support/run-peer.ts';

const KEYS = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCY' };

/** A store that keeps what it was asked with. */
async function store() {
  const asked: { readonly path: string; readonly headers: IncomingHttpHeaders }[] = [];
  const server = createServer(({ url = '', headers }, response) => {
    asked.push({ path: url, headers });
    response.end('firmware');
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return { endpoint: `http://127.0.0.1:${port}`, asked };
}

describeWithPeers(['curl'], 'requests to S3 are signed as curl signs them', ([curl = '']) => {
  it.each([
    ['builds/fw.bin', 'us-east-1', undefined],
    ['my.builds/2026/main-1.2.0_rc.1~x.bin', 'eu-central-1', undefined],
    ['builds/fw.bin', 'us-west-2', 'a-session-token/of+some=length'],
  ])('%s in %s', async (object, region, sessionToken) => {
    const { endpoint, asked } = await store();
    const s3 = { ...KEYS, region, endpoint, ...(sessionToken && { sessionToken }) };
    const limits = {
      guard: createAddressGuard(false),
      clock: new ManualClock(),
      maxBytes: 1000,
      timeoutMs: 60_000,
      s3,
    };
    for await (const chunk of fetchUri(`s3://${object}`, limits)) expect(chunk).toHaveLength(8);
    const [ours] = asked;
    const { authorization, host: _host, ...headers } = ours?.headers ?? {};
    const same = Object.entries(headers).filter(([name]) => name.startsWith('x-amz-'));
    expect(same.length).toBeGreaterThan(1);
    await runPeer(curl, [
      '--silent',
      '--show-error',
      '--aws-sigv4',
      `aws:amz:${region}:s3`,
      '--user',
      `${KEYS.accessKeyId}:${KEYS.secretAccessKey}`,
      ...same.flatMap(([name, value]) => ['--header', `${name}: ${String(value)}`]),
      `${endpoint}/${object}`,
    ]);
    expect(asked[1]?.path).toBe(ours?.path);
    expect(parts(authorization)).toEqual(parts(asked[1]?.headers.authorization));
  });
});

/** Credential, signed headers and signature; how they are spaced is nobody's business. */
function parts(authorization: string | undefined): readonly string[] {
  return authorization?.split(/[ ,]+/) ?? [];
}

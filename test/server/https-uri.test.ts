import { createHash, randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { selfSignedCertificate } from '../support/self-signed.ts';
import { temporaryFolder } from '../support/temp-folder.ts';
import { startServer } from './crash/server-process.ts';

/** A web server whose certificate only a CA of one's own vouches for. */
async function serveHttps(bytes: Uint8Array): Promise<{ uri: string; cert: string }> {
  const { cert, key } = selfSignedCertificate();
  const server = createServer({ cert, key }, (_, response) => void response.end(bytes));
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return { uri: `https://localhost:${port}/fw.bin`, cert };
}

describe('an artifact from an https address', () => {
  it('comes where the CA is known, and says how to name it where it is not', async () => {
    const bytes = new Uint8Array(randomBytes(100_000));
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    const { uri, cert } = await serveHttps(bytes);
    const folder = await temporaryFolder();
    const ca = join(folder, 'ca.pem');
    await writeFile(ca, cert);
    const fetchInto = async (data: string, settings: readonly string[]) => {
      const launcher = ['env', 'OTAKIT_SERVER_ALLOW_PRIVATE_URIS=1', ...settings];
      await using server = startServer(join(folder, data), 'warn', launcher);
      const { url = '', firstToken = '' } = (await server.listening) ?? {};
      const ask = async (path: string, body: object) => {
        const headers = {
          Authorization: `Bearer ${firstToken}`,
          'Content-Type': 'application/json',
        };
        const init = { method: 'POST', headers, body: JSON.stringify(body) };
        const answer = await fetch(`${url}/api/v1${path}`, init);
        return (await answer.json()) as Readonly<Record<string, unknown>>;
      };
      await ask('/packages', { packageId: 'model', kind: 'binary' });
      const fields = { packageId: 'model', version: '1', sha256, artifactUri: uri };
      const answer = await ask('/artifacts', fields);
      expect(await server.stop()).toBe(0);
      return answer;
    };
    expect(await fetchInto('unknown', [])).toMatchObject({
      status: 502,
      code: 'fleet/fetch-failed',
      hint: expect.stringContaining('NODE_EXTRA_CA_CERTS') as string,
    });
    expect(await fetchInto('known', [`NODE_EXTRA_CA_CERTS=${ca}`])).toMatchObject({
      sha256,
      sizeBytes: bytes.length,
    });
  });
});

import { once } from 'node:events';
import { cp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { Agent, type IncomingMessage, request } from 'node:http';
import { connect } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { openFolderServer } from '../../src/server/index.ts';
import { type Clock, systemClock } from '../../src/shared/index.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { temporaryFolder } from '../support/temp-folder.ts';

const OCTETS = { 'Content-Type': 'application/octet-stream' };

async function start(folder?: string, clock: Clock = systemClock) {
  const server = await openFolderServer({
    folder: folder ?? (await temporaryFolder()),
    port: 0,
    bind: '127.0.0.1',
    clock,
    version: '0.0.0',
    announced: false,
  });
  onTestFinished(() => server.stop(0));
  const ask = async (method: string, path: string, body?: unknown, headers: object = {}) => {
    const isBytes = body instanceof Uint8Array;
    const init = body === undefined ? {} : { body: isBytes ? body : JSON.stringify(body) };
    return await fetch(`${server.url}/api/v1${path}`, {
      method,
      ...(init as RequestInit),
      headers: {
        Authorization: `Bearer ${server.localToken}`,
        ...(body === undefined || isBytes ? {} : { 'Content-Type': 'application/json' }),
        ...headers,
      },
    });
  };
  return { server, ask };
}

type Ask = Awaited<ReturnType<typeof start>>['ask'];

/** A binary in the fleet, to have some bytes. */
async function fill(
  ask: Ask,
  version = '1.0.0',
): Promise<{ artifactId: string; bytes: Uint8Array }> {
  await ask('POST', '/packages', { packageId: 'model', kind: 'binary' });
  const bytes = crypto.getRandomValues(new Uint8Array(60_000));
  const upload = await ask('POST', `/artifacts?packageId=model&version=${version}`, bytes, OCTETS);
  expect(upload.status).toBe(201);
  const { artifactId } = (await upload.json()) as { artifactId: string };
  return { artifactId, bytes };
}

async function backup(ask: Ask): Promise<Uint8Array> {
  const answer = await ask('POST', '/backup');
  expect(answer.headers.get('content-type')).toBe('application/x-tar');
  return new Uint8Array(await answer.arrayBuffer());
}

describe('backup and restore of a running server', () => {
  it('bring back everything, here and elsewhere', async () => {
    const { ask } = await start();
    const { artifactId, bytes } = await fill(ask);
    const archive = await backup(ask);
    await ask('POST', '/cohorts', { cohortId: 'later' });

    const restored = await ask('POST', '/restore', archive, OCTETS);
    expect(await restored.json()).toMatchObject({ artifacts: 1, devices: 0 });
    expect((await ask('GET', '/cohorts/later')).status).toBe(404);
    const content = await ask('GET', `/artifacts/${artifactId}/content`);
    expect(new Uint8Array(await content.arrayBuffer())).toEqual(bytes);

    const elsewhere = await start();
    expect((await elsewhere.ask('POST', '/restore', archive, OCTETS)).status).toBe(200);
    const copy = await elsewhere.ask('GET', `/artifacts/${artifactId}/content`);
    expect(new Uint8Array(await copy.arrayBuffer())).toEqual(bytes);
    // It goes on as any server does.
    expect((await elsewhere.ask('POST', '/cohorts', { cohortId: 'new' })).status).toBe(201);
  });

  it('answer on the connection of a download that has just ended', async () => {
    const { server, ask } = await start();
    const { artifactId } = await fill(ask);
    const archive = await backup(ask);
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    onTestFinished(() => agent.destroy());
    const send = async (method: string, path: string, body?: Uint8Array) => {
      const sent = request(`${server.url}/api/v1${path}`, {
        method,
        agent,
        headers: { ...OCTETS, Authorization: `Bearer ${server.localToken}` },
      });
      sent.end(body);
      const [answer] = (await once(sent, 'response')) as [IncomingMessage];
      await answer.toArray();
      return { status: answer.statusCode, isReused: sent.reusedSocket };
    };
    const content = `/artifacts/${artifactId}/content`;
    expect(await send('GET', content)).toMatchObject({ status: 200 });
    // It ends everything that goes on, but not what came after the download.
    expect(await send('POST', '/restore', archive)).toEqual({ status: 200, isReused: true });
    expect(await send('GET', content)).toEqual({ status: 200, isReused: true });
  });

  it('change nothing where the archive is none', async () => {
    const folder = await temporaryFolder();
    const { ask } = await start(folder);
    await fill(ask);
    const archive = await backup(ask);
    const flipped = archive.slice();
    flipped[archive.length - 20_000] = (flipped[archive.length - 20_000] ?? 0) ^ 1;
    const bad = [new Uint8Array(10), archive.subarray(0, 30_000), flipped];
    for (const bytes of bad) {
      const answer = await ask('POST', '/restore', bytes, OCTETS);
      expect(answer.status).toBe(422);
      expect(await answer.json()).toMatchObject({ code: 'fleet/bad-archive' });
    }
    expect((await ask('GET', '/packages/model')).status).toBe(200);
    expect((await readdir(folder)).filter((name) => name.endsWith('.tmp'))).toEqual([]);
  });

  it('is not kept at hand for a reader who takes none of it', async () => {
    const folder = await temporaryFolder();
    const clock = new ManualClock();
    const { server, ask } = await start(folder, clock);
    await ask('POST', '/packages', { packageId: 'model', kind: 'binary' });
    const bytes = new Uint8Array(24_000_000);
    await ask('POST', '/artifacts?packageId=model&version=1.0.0', bytes, OCTETS);
    const before = await readdir(folder);
    const socket = connect(server.port, '127.0.0.1');
    onTestFinished(() => void socket.destroy());
    socket.on('error', () => {}).pause();
    const authorization = `Authorization: Bearer ${server.localToken}`;
    socket.write(`POST /api/v1/backup HTTP/1.1\r\nHost: x\r\n${authorization}\r\n\r\n`);
    await expect.poll(() => readdir(folder)).not.toEqual(before);
    const left = async () => {
      await clock.advance(60_000);
      return readdir(folder);
    };
    await expect.poll(left).toEqual(before);
  });

  it('is one at a time', async () => {
    const { ask } = await start();
    await fill(ask);
    const archive = await backup(ask);
    const answers = await Promise.all(
      [1, 2, 3].map(() => ask('POST', '/restore', archive, OCTETS)),
    );
    const statuses = answers.map(({ status }) => status);
    expect(statuses).toContain(200);
    for (const answer of answers.filter(({ status }) => status !== 200)) {
      expect(await answer.json()).toMatchObject({ status: 503 });
    }
    expect((await ask('POST', '/cohorts', { cohortId: 'after' })).status).toBe(201);
    expect((await ask('GET', '/packages/model')).status).toBe(200);
  });

  it('is for admins, and the archive comes as bytes', async () => {
    const { ask, server } = await start();
    const { secret } = await server.home.fleet.tokens.create('system', {
      name: 'a',
      role: 'operator',
    });
    const headers = { Authorization: `Bearer ${secret}` };
    expect((await ask('POST', '/backup', undefined, headers)).status).toBe(403);
    expect((await ask('POST', '/restore', {})).status).toBe(415);
  });

  it('keeps the last few databases that it replaced, with the bytes that they need', async () => {
    const folder = await temporaryFolder();
    const { ask } = await start(folder);
    const empty = await backup(ask);
    const { artifactId, bytes } = await fill(ask);
    const kept = async () =>
      (await readdir(folder)).filter((name) => name.startsWith('fleet.db.before-restore-'));
    const restore = async () => {
      const answer = await ask('POST', '/restore', empty, OCTETS);
      return ((await answer.json()) as { keptAs: string }).keptAs;
    };
    const first = await restore();
    expect((await ask('GET', `/artifacts/${artifactId}`)).status).toBe(404);
    const [digest] = await readdir(join(folder, 'blobs/sha256'));
    expect(await readdir(join(folder, 'blobs/sha256', digest ?? ''))).toHaveLength(1);

    // Going back by hand, with no server running: all of it is there again.
    const elsewhere = await temporaryFolder();
    await cp(join(folder, 'blobs'), join(elsewhere, 'blobs'), { recursive: true });
    await cp(first, join(elsewhere, 'fleet.db'));
    const back = await start(elsewhere);
    const content = await back.ask('GET', `/artifacts/${artifactId}/content`);
    expect(new Uint8Array(await content.arrayBuffer())).toEqual(bytes);

    const later = [await restore(), await restore(), await restore()];
    expect((await kept()).map((name) => join(folder, name)).toSorted()).toEqual(later.toSorted());
    // Nobody needs the bytes any more that only the oldest one had.
    expect(await readdir(join(folder, 'blobs/sha256', digest ?? ''))).toEqual([]);
  });

  it('keeps their bytes while the server runs too, whatever is removed', async () => {
    const folder = await temporaryFolder();
    const { ask } = await start(folder);
    const { artifactId } = await fill(ask);
    const archive = await backup(ask);
    await ask('POST', '/restore', archive, OCTETS);
    const blobs = async () =>
      (await readdir(join(folder, 'blobs/sha256'), { recursive: true })).filter((name) =>
        /[\da-f]{60}/.test(name),
      );
    expect((await ask('DELETE', `/artifacts/${artifactId}`)).status).toBe(204);
    expect(await blobs()).toHaveLength(1);
    const other = await fill(ask, '2.0.0');
    expect(await blobs()).toHaveLength(2);
    expect((await ask('DELETE', `/artifacts/${other.artifactId}`)).status).toBe(204);
    expect(await blobs()).toHaveLength(1);
  });

  it('removes no bytes while a database that it replaced cannot be read', async () => {
    const folder = await temporaryFolder();
    const { ask, server } = await start(folder);
    const empty = await backup(ask);
    await fill(ask);
    const answer = await ask('POST', '/restore', empty, OCTETS);
    const { keptAs } = (await answer.json()) as { keptAs: string };
    await server.stop(0);
    const whole = await readFile(keptAs);
    const [digest = ''] = await readdir(join(folder, 'blobs/sha256'));
    const there = async () => await readdir(join(folder, 'blobs/sha256', digest));

    await writeFile(keptAs, 'no database');
    const blind = await start(folder);
    expect(await there()).toHaveLength(1);
    await blind.server.stop(0);

    // What was kept before the very first start was done needs nothing.
    await writeFile(keptAs, whole);
    await writeFile(`${keptAs}2`, '');
    const seeing = await start(folder);
    expect(await there()).toHaveLength(1);
    await seeing.server.stop(0);

    await rm(keptAs);
    await start(folder);
    expect(await there()).toEqual([]);
  });

  it('leaves other files of the folder alone', async () => {
    const folder = await temporaryFolder();
    await writeFile(join(folder, 'note.txt'), 'mine');
    const { ask } = await start(folder);
    const archive = await backup(ask);
    expect((await ask('POST', '/restore', archive, OCTETS)).status).toBe(200);
    expect(await readdir(folder)).toContain('note.txt');
  });
});

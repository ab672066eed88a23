import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import {
  dropUnreferencedBlobs,
  generateSigningKey,
  manifestOf,
  type NewArtifact,
  openBlobFolder,
  readPrivateKey,
  signManifest,
} from '../../../src/fleet/index.ts';
import { artifactFleet, CI, inPieces, sha256Of, TABLE } from '../../support/artifact-fleet.ts';
import { buildTestApp, buildTestBootloader, mergeAt } from '../../support/build-image.ts';
import { temporaryFolder } from '../../support/temp-folder.ts';

const FOR_SENSOR: NewArtifact = { packageId: 'main', blueprintIds: ['sensor'] };
const ALL = { page: 0, perPage: 100 };

describe('uploading an app image', () => {
  it('makes an artifact with what the image says of itself', async () => {
    await using world = await artifactFleet();
    const { artifacts, audit, events } = world.fleet;
    const app = await buildTestApp({ descriptor: { version: '1.2.0', secureVersion: 3 } });
    const fields = { ...FOR_SENSOR, blueprintIds: ['sensor', 'gateway', 'sensor'] };
    const made = await artifacts.upload(CI, { ...fields, minVersion: '1.0.0' }, inPieces(app));
    expect(made).toMatchObject({
      packageId: 'main',
      version: '1.2.0',
      blueprintIds: ['gateway', 'sensor'],
      sizeBytes: app.length,
      sha256: sha256Of(app),
      md5: createHash('md5').update(app).digest('hex'),
      minVersion: '1.0.0',
      image: {
        chip: 'esp32',
        projectName: 'test-app',
        descriptorVersion: '1.2.0',
        secureVersion: 3,
        imageHash: Buffer.from(app.subarray(-32)).toString('hex'),
      },
      signatures: [],
      revision: 1,
    });
    expect(await artifacts.get(made.artifactId)).toEqual(made);
    await using bytes = await artifacts.open(made.artifactId);
    expect(await bytes.slice(0, app.length)).toEqual(app);
    expect(bytes.imageHash).toBe(made.image?.imageHash);
    expect((await audit.list({}, ALL)).list.at(-1)).toMatchObject({
      action: 'artifact.create',
      subject: `artifact/${made.artifactId}`,
      details: { origin: 'upload', sha256: made.sha256 },
    });
    expect((await events.after(0, 100)).at(-1)).toMatchObject({ type: 'artifact.created' });
  });

  it('may be called otherwise than the image calls itself', async () => {
    await using world = await artifactFleet();
    const fields = { ...FOR_SENSOR, version: '2.0.0-rc.1' };
    const made = await world.fleet.artifacts.upload(CI, fields, inPieces(await buildTestApp()));
    expect(made).toMatchObject({ version: '2.0.0-rc.1', image: { descriptorVersion: '1.0.0' } });
  });

  it.each([
    ['for another chip', () => buildTestApp({ chip: 'esp32s3' }), 'app-image/chip-mismatch'],
    [
      'merged for a first flash',
      async () => mergeAt({ 0x1000: await buildTestBootloader(), 0x10000: await buildTestApp() }),
      'app-image/merged-image',
    ],
    ['that is a bootloader', () => buildTestBootloader(), 'app-image/bootloader'],
    ['too large for a slot', () => buildTestApp({ codeBytes: 1024 * 1024 }), 'app-image/too-large'],
    [
      'built for more flash',
      () => buildTestApp({ image: { flashSize: 4 } }),
      'fleet/flash-too-small',
    ],
    [
      'with a byte flipped',
      async () => {
        const app = await buildTestApp();
        app[0x100] = (app[0x100] ?? 0) ^ 1;
        return app;
      },
      'app-image/checksum-mismatch',
    ],
    ['that is empty', async () => new Uint8Array(0), null],
  ])('refuses one %s, and keeps nothing', async (_, build, code) => {
    await using world = await artifactFleet();
    const { artifacts } = world.fleet;
    const error = await artifacts.upload(CI, FOR_SENSOR, inPieces(await build())).then(
      () => expect.unreachable('it was taken'),
      (thrown: unknown) => thrown,
    );
    expect(error).toMatchObject({
      code: 'fleet/refused-image',
      kind: 'input',
      httpStatus: 422,
      message: expect.stringContaining('(sensor)') as string,
      details: {
        issues: expect.arrayContaining([
          expect.objectContaining({
            blueprintId: 'sensor',
            severity: 'error',
            ...(code === null ? {} : { code }),
          }),
        ]) as unknown,
      },
    });
    expect([await world.kept(), (await artifacts.list({}, ALL)).total]).toEqual([[], 0]);
  });

  it('is refused for the one blueprint of two that it does not fit, by name', async () => {
    await using world = await artifactFleet();
    const { artifacts, blueprints } = world.fleet;
    const small = TABLE.replaceAll('1M', '64K').replace('0x110000', '0x20000');
    await blueprints.create(CI, {
      blueprintId: 'tiny',
      chip: 'esp32',
      flashSizeBytes: 4 * 1024 * 1024,
      partitionTable: small,
    });
    const fields = { ...FOR_SENSOR, blueprintIds: ['sensor', 'tiny'] };
    const app = await buildTestApp({ codeBytes: 40_000 });
    await expect(artifacts.upload(CI, fields, inPieces(app))).rejects.toMatchObject({
      code: 'fleet/refused-image',
      message: expect.not.stringContaining('sensor') as string,
    });
  });

  it.each([
    ['no hardware', { ...FOR_SENSOR, blueprintIds: [] }, 'fleet/invalid', 'blueprintIds'],
    ['hardware that is not there', { ...FOR_SENSOR, blueprintIds: ['x'] }, 'fleet/not-found', null],
    ['a package that is not there', { ...FOR_SENSOR, packageId: 'x' }, 'fleet/not-found', null],
    ['a digest in capitals', { ...FOR_SENSOR, sha256: 'AB'.repeat(32) }, 'fleet/invalid', 'sha256'],
    ['a negative size', { ...FOR_SENSOR, sizeBytes: -1 }, 'fleet/invalid', 'sizeBytes'],
    ['a size beyond all limits', { ...FOR_SENSOR, sizeBytes: 1e12 }, 'fleet/too-large', null],
    ['an empty version', { ...FOR_SENSOR, version: '' }, 'fleet/invalid', 'version'],
    ['an escape sequence', { ...FOR_SENSOR, version: '1\u001b[2J' }, 'fleet/invalid', 'version'],
    ['a long version', { ...FOR_SENSOR, version: '1'.repeat(129) }, 'fleet/invalid', 'version'],
    [
      'a minVersion that is not below',
      { ...FOR_SENSOR, minVersion: 'v1.0.0' },
      'fleet/invalid',
      'minVersion',
    ],
    [
      'a minVersion without order',
      { ...FOR_SENSOR, minVersion: 'dev' },
      'fleet/invalid',
      'minVersion',
    ],
    [
      'a minVersion for a version without order',
      { ...FOR_SENSOR, version: 'dev', minVersion: '1.0.0' },
      'fleet/invalid',
      'minVersion',
    ],
    [
      'long notes',
      { ...FOR_SENSOR, releaseNotes: 'x'.repeat(20_000) },
      'fleet/invalid',
      'releaseNotes',
    ],
    [
      'too many boards',
      { ...FOR_SENSOR, blueprintIds: Array.from({ length: 65 }, () => 'sensor') },
      'fleet/invalid',
      'blueprintIds',
    ],
  ])('refuses %s', async (_, fields: NewArtifact, code, field) => {
    await using world = await artifactFleet();
    const upload = world.fleet.artifacts.upload(CI, fields, inPieces(await buildTestApp()));
    await expect(upload).rejects.toMatchObject({
      code,
      ...(field === null ? {} : { details: { field } }),
    });
    expect(await world.kept()).toEqual([]);
  });

  it('refuses bytes that are not those that were announced', async () => {
    await using world = await artifactFleet();
    const { artifacts } = world.fleet;
    const app = await buildTestApp();
    for (const lie of [
      { sizeBytes: app.length - 1 },
      { sizeBytes: app.length + 1 },
      { sha256: '00'.repeat(32) },
    ]) {
      await expect(
        artifacts.upload(CI, { ...FOR_SENSOR, ...lie }, inPieces(app)),
      ).rejects.toMatchObject({ code: 'fleet/digest-mismatch', kind: 'verification' });
    }
    expect(await world.kept()).toEqual([]);
    const truth = { ...FOR_SENSOR, sizeBytes: app.length, sha256: sha256Of(app) };
    expect(await artifacts.upload(CI, truth, inPieces(app, 1_000_000))).toMatchObject(truth);
  });

  it('is over at once when it is given up, even where no byte comes any more', async () => {
    await using world = await artifactFleet();
    const stop = new AbortController();
    let closed = false;
    async function* hanging(): AsyncGenerator<Uint8Array> {
      try {
        yield new Uint8Array(10);
        stop.abort(new Error('gone'));
        await new Promise(() => undefined);
      } finally {
        closed = true;
      }
    }
    const upload = world.fleet.artifacts.upload(CI, FOR_SENSOR, hanging(), stop.signal);
    await expect(upload).rejects.toThrow('gone');
    expect([await world.kept(), closed]).toEqual([[], false]);
    await expect(
      world.fleet.artifacts.upload(CI, FOR_SENSOR, hanging(), AbortSignal.abort(new Error('no'))),
    ).rejects.toThrow('no');
  });

  it('leaves nothing in the folder where the connection breaks', async () => {
    const blobs = await openBlobFolder(await temporaryFolder());
    await using world = await artifactFleet({}, blobs);
    async function* broken(): AsyncGenerator<Uint8Array> {
      yield new Uint8Array(100);
      throw new Error('connection reset');
    }
    await expect(world.fleet.artifacts.upload(CI, FOR_SENSOR, broken())).rejects.toThrow('reset');
    expect(await world.kept()).toEqual([]);
  });
});

describe('one artifact per package, version and blueprint', () => {
  it('is told when the very same is uploaded again', async () => {
    await using world = await artifactFleet();
    const { artifacts } = world.fleet;
    const app = await buildTestApp();
    const { artifactId } = await artifacts.upload(CI, FOR_SENSOR, inPieces(app));
    await expect(artifacts.upload(CI, FOR_SENSOR, inPieces(app))).rejects.toMatchObject({
      code: 'fleet/exists',
      hint: 'Nothing is left to do: use that one.',
      details: { artifactId, identical: true },
    });
    expect(await world.kept()).toEqual([sha256Of(app)]);
  });

  it('refuses other bytes under the same version, in any spelling, also where boards overlap', async () => {
    await using world = await artifactFleet();
    const { artifacts } = world.fleet;
    const { artifactId } = await artifacts.upload(CI, FOR_SENSOR, inPieces(await buildTestApp()));
    const other = await buildTestApp({ codeBytes: 128 });
    for (const fields of [
      FOR_SENSOR,
      { ...FOR_SENSOR, version: 'v1.0.0' },
      { ...FOR_SENSOR, blueprintIds: ['gateway', 'sensor'] },
    ]) {
      await expect(artifacts.upload(CI, fields, inPieces(other))).rejects.toMatchObject({
        code: 'fleet/exists',
        details: { artifactId, identical: false },
      });
    }
    const gateway = { ...FOR_SENSOR, blueprintIds: ['gateway'] };
    expect(await artifacts.upload(CI, gateway, inPieces(other))).toMatchObject({
      version: '1.0.0',
    });
    expect((await artifacts.list({ version: '1.0.0' }, ALL)).total).toBe(2);
  });

  it('holds when two come at the same moment', async () => {
    await using world = await artifactFleet();
    const uploads = await Promise.allSettled(
      Array.from({ length: 5 }, async (_, index) =>
        world.fleet.artifacts.upload(
          CI,
          FOR_SENSOR,
          inPieces(await buildTestApp({ codeBytes: 64 + 16 * index })),
        ),
      ),
    );
    expect(uploads.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect(await world.kept()).toHaveLength(1);
  });
});

describe('a binary', () => {
  it('is only carried, for any hardware or for some', async () => {
    await using world = await artifactFleet();
    const { artifacts } = world.fleet;
    const bytes = new TextEncoder().encode('weights');
    const any = { packageId: 'model', version: '2026-11', blueprintIds: [] };
    expect(await artifacts.upload(CI, any, inPieces(bytes))).toMatchObject({ image: null });
    await expect(
      artifacts.upload(CI, { ...any, blueprintIds: ['sensor'] }, inPieces(bytes)),
    ).rejects.toMatchObject({ code: 'fleet/exists' });
    await expect(
      artifacts.upload(CI, { packageId: 'model', blueprintIds: [] }, inPieces(bytes)),
    ).rejects.toMatchObject({ code: 'fleet/invalid', details: { field: 'version' } });
  });
});

describe('an artifact', () => {
  it('can get other release notes, and nothing else', async () => {
    await using world = await artifactFleet();
    const { artifacts } = world.fleet;
    const made = await artifacts.upload(CI, FOR_SENSOR, inPieces(await buildTestApp()));
    const { artifactId } = made;
    const releaseNotes = 'faster';
    expect(await artifacts.update(CI, artifactId, { releaseNotes, revision: 1 })).toEqual({
      ...made,
      releaseNotes,
      revision: 2,
    });
    await expect(
      artifacts.update(CI, artifactId, { releaseNotes: '', revision: 1 }),
    ).rejects.toMatchObject({ code: 'fleet/changed-meanwhile' });
    expect((await artifacts.update(CI, artifactId, { releaseNotes: '' })).releaseNotes).toBe('');
  });

  it('goes with its bytes, unless another one has the same', async () => {
    await using world = await artifactFleet();
    const { artifacts } = world.fleet;
    const app = await buildTestApp();
    const one = await artifacts.upload(CI, FOR_SENSOR, inPieces(app));
    const two = await artifacts.upload(CI, { ...FOR_SENSOR, version: '1.0.1' }, inPieces(app));
    await artifacts.remove(CI, one.artifactId);
    expect(await world.kept()).toEqual([one.sha256]);
    await using _still = await artifacts.open(two.artifactId);
    await artifacts.remove(CI, two.artifactId);
    expect(await world.kept()).toEqual([]);
    await expect(artifacts.get(one.artifactId)).rejects.toMatchObject({ code: 'fleet/not-found' });
  });

  it('stays while a deployment has it', async () => {
    await using world = await artifactFleet();
    const { artifacts, deployments } = world.fleet;
    const { artifactId } = await artifacts.upload(CI, FOR_SENSOR, inPieces(await buildTestApp()));
    await deployments.create(CI, { components: [artifactId] });
    await expect(artifacts.remove(CI, artifactId)).rejects.toMatchObject({ code: 'fleet/in-use' });
    expect(await world.kept()).toHaveLength(1);
  });

  it('says so when its bytes are gone', async () => {
    await using world = await artifactFleet();
    const { artifacts } = world.fleet;
    const made = await artifacts.upload(CI, FOR_SENSOR, inPieces(await buildTestApp()));
    await world.blobs.delete(made.sha256);
    await expect(artifacts.open(made.artifactId)).rejects.toMatchObject({
      code: 'fleet/bytes-missing',
    });
  });

  it('leaves no bytes behind after a crash between bytes and record', async () => {
    await using world = await artifactFleet();
    const made = await world.fleet.artifacts.upload(CI, FOR_SENSOR, inPieces(await buildTestApp()));
    {
      await using stage = await world.blobs.stage();
      await stage.write(new Uint8Array(7));
      await (await stage.finish()).commit();
    }
    expect(await world.kept()).toHaveLength(2);
    expect(await dropUnreferencedBlobs(world)).toBe(1);
    expect(await world.kept()).toEqual([made.sha256]);
  });
});

describe('signatures of artifacts', () => {
  const pair = generateSigningKey('ecdsa-p256');
  const secret = readPrivateKey(pair.privateKey);

  it('are what is left to add where the artifact came before without them', async () => {
    await using world = await artifactFleet();
    const { artifacts, keys } = world.fleet;
    await keys.add(CI, { name: 'release', publicKey: pair.publicKey });
    const app = await buildTestApp();
    const made = await artifacts.upload(CI, FOR_SENSOR, inPieces(app));
    const signature = signManifest(manifestOf(made, 4), secret);
    const again = () =>
      artifacts.upload(CI, { ...FOR_SENSOR, signatures: [signature] }, inPieces(app));
    await expect(again()).rejects.toMatchObject({
      code: 'fleet/exists',
      hint: `Only its signature is new: otakit artifact add-signature ${made.artifactId} FILE`,
    });
    await artifacts.addSignature(CI, made.artifactId, signature);
    await expect(again()).rejects.toMatchObject({ hint: 'Nothing is left to do: use that one.' });
  });

  it('are verified when they come, and kept without the manifest', async () => {
    await using world = await artifactFleet({ requireSignatures: true });
    const { artifacts, keys } = world.fleet;
    await keys.add(CI, { name: 'release', publicKey: pair.publicKey });
    const app = await buildTestApp();
    await expect(artifacts.upload(CI, FOR_SENSOR, inPieces(app))).rejects.toMatchObject({
      code: 'fleet/unsigned',
      kind: 'verification',
    });
    const facts = {
      packageId: 'main',
      version: '1.0.0',
      blueprintIds: ['sensor'],
      sizeBytes: app.length,
      sha256: sha256Of(app),
      image: { chip: 'esp32', secureVersion: 0 },
    } as const;
    const signature = signManifest(manifestOf(facts, 4), secret);
    const made = await artifacts.upload(
      CI,
      { ...FOR_SENSOR, signatures: [signature] },
      inPieces(app),
    );
    const { manifest: _, ...bare } = signature;
    expect(made.signatures).toEqual([bare]);

    const later = signManifest(manifestOf(made, 9), secret);
    const signed = await artifacts.addSignature(CI, made.artifactId, later);
    expect(signed).toMatchObject({ signatures: [{ sequence: 9 }], revision: 2 });
    await keys.revoke(CI, pair.keyId);
    await expect(artifacts.addSignature(CI, made.artifactId, later)).rejects.toMatchObject({
      code: 'fleet/key-revoked',
    });
  });
});

import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  type Artifact,
  countingKeyIds,
  countingSignatures,
  type Fleet,
  generateSigningKey,
  manifestOf,
  nextStep,
  openBlobFolder,
  readPrivateKey,
  type SignatureAlgorithm,
  signManifest,
} from '../../src/fleet/index.ts';
import { artifactFleet, CI, inPieces, sha256Of } from '../support/artifact-fleet.ts';
import { buildTestApp } from '../support/build-image.ts';
import { temporaryFolder } from '../support/temp-folder.ts';

/*
 * The attacks that TUF (§1.5.2) and Uptane name, as far as what takes artifacts in can answer them. Those
 * that need a connection (slow retrieval, replayed reports, foreign packages) are in the tests of the
 * server and of the device gate.
 */

const FOR_SENSOR = { packageId: 'main', blueprintIds: ['sensor'] };

/** A fleet that takes only what one key has signed. */
async function signedFleet(algorithm: SignatureAlgorithm = 'ed25519') {
  const world = await artifactFleet({ requireSignatures: true });
  const pair = generateSigningKey(algorithm);
  await world.fleet.keys.add(CI, { name: 'release', publicKey: pair.publicKey });
  return { ...world, pair, secret: readPrivateKey(pair.privateKey) };
}

type Signable = Parameters<typeof manifestOf>[0];

/** What an honest signer signs of an image for the sensor. */
function signable(app: Uint8Array, fields: Partial<Signable> = {}): Signable {
  return {
    packageId: 'main',
    version: '1.0.0',
    blueprintIds: ['sensor'],
    sizeBytes: app.length,
    sha256: sha256Of(app),
    image: { chip: 'esp32', secureVersion: 0 },
    ...fields,
  };
}

/** What a new device of the sensor kind is told of an artifact. */
async function offeredWith({ cohorts, deployments, devices, gate }: Fleet, artifact: Artifact) {
  const deviceId = `board-${artifact.revision}`;
  const deployment = await deployments.create(CI, { components: [artifact.artifactId] });
  await cohorts.create(CI, { cohortId: deviceId });
  await cohorts.update(CI, deviceId, { activeDeploymentId: deployment.deploymentId });
  await devices.create(CI, { deviceId, blueprintId: 'sensor', cohortId: deviceId });
  const contact = await gate.identify(deviceId);
  return contact === null ? null : (await gate.assignment(contact)).packages[0];
}

describe('arbitrary software', () => {
  it('is refused: unsigned, by a stranger, or with one byte changed after signing', async () => {
    await using world = await signedFleet();
    const { artifacts } = world.fleet;
    const app = await buildTestApp();
    await expect(artifacts.upload(CI, FOR_SENSOR, inPieces(app))).rejects.toMatchObject({
      code: 'fleet/unsigned',
    });

    const stranger = readPrivateKey(generateSigningKey('ed25519').privateKey);
    const foreign = [signManifest(manifestOf(signable(app), 1), stranger)];
    await expect(
      artifacts.upload(CI, { ...FOR_SENSOR, signatures: foreign }, inPieces(app)),
    ).rejects.toMatchObject({ code: 'fleet/unknown-key' });

    const signatures = [signManifest(manifestOf(signable(app), 1), world.secret)];
    const evil = await buildTestApp({ codeBytes: 80 });
    await expect(
      artifacts.upload(CI, { ...FOR_SENSOR, signatures }, inPieces(evil)),
    ).rejects.toMatchObject({
      code: 'fleet/bad-signature',
      details: {
        differences: expect.arrayContaining([
          expect.objectContaining({ field: 'sha256' }),
        ]) as unknown,
      },
    });
    expect(await world.kept()).toEqual([]);
    expect(await artifacts.upload(CI, { ...FOR_SENSOR, signatures }, inPieces(app))).toMatchObject({
      version: '1.0.0',
    });
  });
});

describe('rollback and downgrade', () => {
  it('an old signed image is not taken as a newer version', async () => {
    await using world = await signedFleet();
    const old = await buildTestApp();
    const signatures = [signManifest(manifestOf(signable(old), 1), world.secret)];
    await expect(
      world.fleet.artifacts.upload(
        CI,
        { ...FOR_SENSOR, version: '2.0.0', signatures },
        inPieces(old),
      ),
    ).rejects.toMatchObject({
      code: 'fleet/bad-signature',
      details: { differences: [{ field: 'version', signed: '1.0.0', actual: '2.0.0' }] },
    });
  });

  it('a signature for later deployments does not count in an earlier one', async () => {
    await using world = await signedFleet();
    const app = await buildTestApp();
    const signatures = [signManifest(manifestOf(signable(app), 5), world.secret)];
    const made = await world.fleet.artifacts.upload(
      CI,
      { ...FOR_SENSOR, signatures },
      inPieces(app),
    );
    const { list } = await world.fleet.keys.list({}, { page: 0, perPage: 10 });
    const keyIds = countingKeyIds(list);
    expect(countingSignatures(made, keyIds, 4)).toEqual([]);
    expect(countingSignatures(made, keyIds, 5)).toHaveLength(1);
  });

  it('a device is never sent below the secure version that it has burnt', () => {
    const target = { version: '9.0.0', minVersion: null, secureVersion: 1 };
    expect(nextStep({ version: '1.0.0', secureVersion: 2 }, target, [])).toMatchObject({
      kind: 'no-path',
    });
  });

  it('a secure version cannot be claimed: it is read from the image, and signed', async () => {
    await using world = await signedFleet();
    const app = await buildTestApp({ descriptor: { secureVersion: 1 } });
    const claim = signable(app, { image: { chip: 'esp32', secureVersion: 7 } });
    const signatures = [signManifest(manifestOf(claim, 1), world.secret)];
    await expect(
      world.fleet.artifacts.upload(CI, { ...FOR_SENSOR, signatures }, inPieces(app)),
    ).rejects.toMatchObject({
      details: { differences: [{ field: 'secureVersion', signed: '7', actual: '1' }] },
    });
  });
});

describe('mix and match', () => {
  it('a signature of one package does not do for another, nor with more boards', async () => {
    await using world = await signedFleet();
    const app = await buildTestApp();
    await world.fleet.packages.create(CI, { packageId: 'other' });
    const signatures = [signManifest(manifestOf(signable(app), 1), world.secret)];
    for (const [field, fields] of [
      ['packageId', { ...FOR_SENSOR, packageId: 'other' }],
      ['blueprintIds', { ...FOR_SENSOR, blueprintIds: ['gateway', 'sensor'] }],
      ['blueprintIds', { ...FOR_SENSOR, blueprintIds: ['gateway'] }],
    ] as const) {
      await expect(
        world.fleet.artifacts.upload(CI, { ...fields, signatures }, inPieces(app)),
      ).rejects.toMatchObject({
        code: 'fleet/bad-signature',
        details: { differences: [expect.objectContaining({ field })] },
      });
    }
  });

  it('the artifacts of a deployment cannot be exchanged afterwards', async () => {
    await using world = await artifactFleet();
    const { artifacts, deployments } = world.fleet;
    const { artifactId } = await artifacts.upload(CI, FOR_SENSOR, inPieces(await buildTestApp()));
    const made = await deployments.create(CI, { components: [artifactId] });
    expect(Object.keys(deployments).toSorted()).toEqual(['create', 'get', 'list']);
    await expect(artifacts.remove(CI, artifactId)).rejects.toMatchObject({ code: 'fleet/in-use' });
    await expect(
      artifacts.upload(CI, FOR_SENSOR, inPieces(await buildTestApp({ codeBytes: 96 }))),
    ).rejects.toMatchObject({ code: 'fleet/exists' });
    expect(await deployments.get(made.deploymentId)).toEqual(made);
  });
});

describe('endless data', () => {
  it('ends at the limit, without a length, and leaves nothing', async () => {
    const folder = await temporaryFolder();
    await using world = await artifactFleet(
      { maxArtifactBytes: 100_000 },
      await openBlobFolder(folder),
    );
    let sent = 0;
    async function* endless(): AsyncGenerator<Uint8Array> {
      for (;;) {
        sent += 10_000;
        yield new Uint8Array(10_000);
      }
    }
    const fields = { packageId: 'model', version: '1', blueprintIds: [] };
    await expect(world.fleet.artifacts.upload(CI, fields, endless())).rejects.toMatchObject({
      code: 'fleet/too-large',
      httpStatus: 413,
    });
    expect(sent).toBe(110_000);
    expect([await readdir(join(folder, 'incoming')), await world.kept()]).toEqual([[], []]);
  });

  it('stops at the first byte beyond what was announced', async () => {
    await using world = await artifactFleet();
    let sent = 0;
    async function* endless(): AsyncGenerator<Uint8Array> {
      for (;;) {
        sent += 1;
        yield new Uint8Array(1);
      }
    }
    const fields = { packageId: 'model', version: '1', blueprintIds: [], sizeBytes: 5 };
    await expect(world.fleet.artifacts.upload(CI, fields, endless())).rejects.toMatchObject({
      code: 'fleet/digest-mismatch',
    });
    expect(sent).toBe(6);
  });
});

describe('wrong software', () => {
  it('for another chip is refused even where it is signed for that board', async () => {
    await using world = await signedFleet();
    const app = await buildTestApp({ chip: 'esp32c3' });
    const claim = signable(app, { image: { chip: 'esp32c3', secureVersion: 0 } });
    const signatures = [signManifest(manifestOf(claim, 1), world.secret)];
    await expect(
      world.fleet.artifacts.upload(CI, { ...FOR_SENSOR, signatures }, inPieces(app)),
    ).rejects.toMatchObject({ code: 'fleet/refused-image' });
  });
});

describe('key compromise', () => {
  it('ends with revoking: nothing new by that key, and what it signed counts no more', async () => {
    await using world = await signedFleet('ecdsa-p256');
    const { artifacts, keys } = world.fleet;
    const app = await buildTestApp();
    const signatures = [signManifest(manifestOf(signable(app), 1), world.secret)];
    const before = await artifacts.upload(CI, { ...FOR_SENSOR, signatures }, inPieces(app));
    await keys.revoke(CI, world.pair.keyId);

    const counting = async (artifact: Artifact) =>
      countingSignatures(
        artifact,
        countingKeyIds((await keys.list({}, { page: 0, perPage: 10 })).list),
        1,
      );
    expect(await counting(before)).toEqual([]);
    expect(await offeredWith(world.fleet, before)).toMatchObject({ kind: 'wait' });
    const next = await buildTestApp({ descriptor: { version: '1.0.1' } });
    const more = [signManifest(manifestOf(signable(next, { version: '1.0.1' }), 1), world.secret)];
    await expect(
      artifacts.upload(CI, { ...FOR_SENSOR, signatures: more }, inPieces(next)),
    ).rejects.toMatchObject({ code: 'fleet/key-revoked' });
    await expect(
      keys.add(CI, { name: 'again', publicKey: world.pair.publicKey }),
    ).rejects.toMatchObject({ code: 'fleet/exists' });

    // Rotation: a new key signs what is out there already, and it counts again.
    const fresh = generateSigningKey('ed25519');
    await keys.add(CI, { name: 'release 2', publicKey: fresh.publicKey });
    const renewed = signManifest(manifestOf(before, 1), readPrivateKey(fresh.privateKey));
    const after = await artifacts.addSignature(CI, before.artifactId, renewed);
    expect((await counting(after)).map(({ keyId }) => keyId)).toEqual([fresh.keyId]);
    // What the revoked key signed stays on record, but no device hears of it any more.
    expect(after.signatures).toHaveLength(2);
    expect(await offeredWith(world.fleet, after)).toMatchObject({
      kind: 'update',
      signatures: [{ keyId: fresh.keyId }],
    });
  });

  it('cannot come from the server: it takes public keys only', async () => {
    await using world = await artifactFleet();
    const { privateKey } = generateSigningKey('ed25519');
    await expect(
      world.fleet.keys.add(CI, { name: 'oops', publicKey: privateKey }),
    ).rejects.toMatchObject({ code: 'fleet/bad-key' });
  });
});

describe('algorithm confusion', () => {
  it('is refused: the algorithm is that of the registered key, whatever the signature says', async () => {
    await using world = await signedFleet('ecdsa-p256');
    const app = await buildTestApp();
    const honest = signManifest(manifestOf(signable(app), 1), world.secret);
    await expect(
      world.fleet.artifacts.upload(
        CI,
        { ...FOR_SENSOR, signatures: [{ ...honest, algorithm: 'ed25519' }] },
        inPieces(app),
      ),
    ).rejects.toMatchObject({
      code: 'fleet/bad-signature',
      details: { reason: expect.stringContaining('is ecdsa-p256') as string },
    });
  });
});

describe('requests that the server makes for others', () => {
  it.each([
    ['http://169.254.169.254/latest/meta-data/iam/', 'fleet/address-refused'],
    ['http://[::ffff:169.254.169.254]/', 'fleet/address-refused'],
    ['http://2852039166/', 'fleet/address-refused'],
    ['file:///etc/passwd', 'fleet/invalid'],
  ])('do not go to %s', async (uri, code) => {
    await using world = await artifactFleet();
    const fields = { ...FOR_SENSOR, sha256: '00'.repeat(32) };
    await expect(world.fleet.artifacts.fetch(CI, fields, uri)).rejects.toMatchObject({ code });
  });
});

describe('path traversal', () => {
  it.each(['../../etc/cron.d/x', '..', '/etc/passwd', 'a/b', 'a\\b', '.hidden', 'x\0y'])(
    'has no way in by names such as %j, and versions never become paths',
    async (name) => {
      const folder = await temporaryFolder();
      await using world = await artifactFleet({}, await openBlobFolder(join(folder, 'blobs')));
      const { artifacts, packages } = world.fleet;
      await expect(packages.create(CI, { packageId: name })).rejects.toMatchObject({
        code: 'fleet/invalid',
      });
      const fields = { packageId: 'model', version: name, blueprintIds: [] };
      await artifacts.upload(CI, fields, inPieces(new Uint8Array(3))).catch(() => undefined);
      expect(await readdir(folder)).toEqual(['blobs']);
      expect((await readdir(join(folder, 'blobs'))).toSorted()).toEqual(['incoming', 'sha256']);
    },
  );
});

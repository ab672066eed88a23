import type { Actor } from '../access/actor.ts';
import { createAddressGuard } from '../addresses/address-guard.ts';
import type { Blueprint } from '../blueprints/blueprint.ts';
import { FleetError } from '../codes.ts';
import type { FleetContext } from '../context.ts';
import { checkRevision, checkText, mustExist, revise } from '../entity.ts';
import type { ArtifactService, NewArtifact } from '../fleet.ts';
import { newId } from '../ids.ts';
import { checkUnused, usersIn } from '../in-use.ts';
import type { Package } from '../packages/package.ts';
import type { Repositories } from '../repositories.ts';
import { acceptSignatures } from '../signature/accept-signatures.ts';
import type { Artifact } from './artifact.ts';
import {
  checkAnnounced,
  checkMinVersion,
  checkVersion,
  invalid,
  LONGEST_NOTES,
} from './check-fields.ts';
import { checkImage } from './check-image.ts';
import { refuseSecond } from './find-conflict.ts';
import { fetchUri, shownUri } from './fetch-uri.ts';
import { openBytes } from './open-bytes.ts';
import { receive } from './receive.ts';
import { dropIfUnreferenced } from './unreferenced-blobs.ts';

/** Bytes of package versions: in once all checks passed, out to devices, never changed. */
export function createArtifactService(context: FleetContext): ArtifactService {
  const { store, blobs, change, options } = context;
  const guard = createAddressGuard(options.allowPrivateAddresses);
  const find = async (artifactId: string) =>
    mustExist(await store.read.artifacts.get(artifactId), 'artifact', artifactId);

  /** Takes bytes in from anywhere; `origin` is for the audit log. */
  async function take(
    actor: Actor,
    fields: NewArtifact,
    bytes: AsyncIterable<Uint8Array>,
    origin: string,
    signal: AbortSignal | undefined,
  ): Promise<Artifact> {
    const { pack, blueprints } = await lookUp(store.read, fields);
    await using stage = await blobs.stage({ maxBytes: options.maxArtifactBytes });
    const staged = await receive(stage, bytes, fields, signal);
    const image = pack.kind === 'app-image' ? await checkImage(staged.source, blueprints) : null;
    const version = fields.version ?? image?.descriptorVersion ?? null;
    if (version === null || version === '') {
      throw invalid('version', 'The version is not known.', 'Give one with --version.');
    }
    const facts = {
      packageId: pack.packageId,
      version: checkVersion(version),
      blueprintIds: blueprints.map(({ blueprintId }) => blueprintId),
      sizeBytes: staged.sizeBytes,
      sha256: staged.sha256,
      md5: staged.md5,
      image,
    };
    // Awaited here: the stage has to stay until the bytes are committed.
    return await change(actor, async ({ repositories, audit, event, atMs }) => {
      // Looked up again: what was there when the upload began may be gone.
      await lookUp(repositories, fields);
      const artifact: Artifact = {
        artifactId: newId('art', context.randomBytes),
        ...facts,
        releaseNotes: fields.releaseNotes ?? '',
        minVersion: checkMinVersion(facts.version, fields.minVersion),
        signatures: await acceptSignatures(repositories, facts, [], fields.signatures ?? []),
        createdAtMs: atMs,
        revision: 1,
      };
      await refuseSecond(repositories, artifact);
      await staged.commit();
      await repositories.artifacts.insert(artifact);
      const { artifactId, packageId, sha256, sizeBytes } = artifact;
      audit('artifact.create', `artifact/${artifactId}`, { packageId, version, sha256, origin });
      event('artifact.created', { data: { artifactId, packageId, version, sizeBytes, sha256 } });
      return artifact;
    });
  }

  function checkBefore(fields: NewArtifact): void {
    checkAnnounced(fields, options.maxArtifactBytes);
    if (options.requireSignatures && (fields.signatures ?? []).length === 0) {
      throw new FleetError('fleet/unsigned', `The artifact of ${fields.packageId} is not signed.`, {
        hint: 'Sign it with `otakit sign sign`, and give the signature together with the bytes.',
        details: { packageId: fields.packageId },
      });
    }
  }

  return {
    get: find,
    list: (filter, page) => store.read.artifacts.list(filter, page),
    upload: async (actor, fields, bytes, signal) => {
      checkBefore(fields);
      return take(actor, fields, bytes, 'upload', signal);
    },
    fetch: async (actor, fields, artifactUri, signal) => {
      if (typeof fields.sha256 !== 'string') {
        throw invalid(
          'sha256',
          'The SHA-256 of what is to be fetched is missing.',
          'Give that of the file that was built: only then is it known what comes.',
        );
      }
      checkBefore(fields);
      const bytes = fetchUri(artifactUri, {
        guard,
        clock: context.clock,
        maxBytes: options.maxArtifactBytes,
        timeoutMs: options.fetchTimeoutMs,
        s3: options.s3,
        ...(signal === undefined ? {} : { signal }),
      });
      return take(actor, fields, bytes, shownUri(artifactUri), signal);
    },
    update: (actor, artifactId, { revision, releaseNotes }) =>
      change(actor, async ({ repositories, audit, event }) => {
        const before = await repositories.artifacts.get(artifactId);
        const changes = {
          releaseNotes: releaseNotes && checkText('releaseNotes', releaseNotes, LONGEST_NOTES),
        };
        const after = revise(mustExist(before, 'artifact', artifactId), changes, revision);
        await repositories.artifacts.update(after);
        audit('artifact.update', `artifact/${artifactId}`, changes);
        event('artifact.updated', { data: { artifactId } });
        return after;
      }),
    addSignature: (actor, artifactId, signature) =>
      change(actor, async ({ repositories, audit, event, news }) => {
        const before = mustExist(
          await repositories.artifacts.get(artifactId),
          'artifact',
          artifactId,
        );
        const signatures = await acceptSignatures(repositories, before, before.signatures, [
          signature,
        ]);
        const after = revise(before, { signatures }, undefined);
        await repositories.artifacts.update(after);
        const { keyId, sequence } = signature;
        audit('artifact.sign', `artifact/${artifactId}`, { keyId, sequence });
        event('artifact.signed', { data: { artifactId, keyId } });
        news(context.news.waiting());
        return after;
      }),
    remove: async (actor, artifactId, revision) => {
      const { sha256 } = await change(actor, async ({ repositories, audit, event }) => {
        const artifact = mustExist(
          await repositories.artifacts.get(artifactId),
          'artifact',
          artifactId,
        );
        checkRevision(artifact, revision);
        const deployments = await usersIn('deployment', (page) =>
          repositories.deployments.list({ artifactId }, page),
        );
        checkUnused(
          `Artifact ${artifactId}`,
          { artifactId },
          [deployments],
          () => 'Deployments keep their history: what was once in one stays.',
        );
        await repositories.artifacts.delete(artifactId);
        audit('artifact.remove', `artifact/${artifactId}`, { sha256: artifact.sha256 });
        event('artifact.removed', { data: { artifactId } });
        return artifact;
      });
      await dropIfUnreferenced(context, sha256);
    },
    open: async (artifactId) => openBytes(blobs, await find(artifactId)),
  };
}

/** The package and the hardware that an artifact is for. */
async function lookUp(
  { packages, blueprints }: Pick<Repositories, 'packages' | 'blueprints'>,
  fields: NewArtifact,
): Promise<{ readonly pack: Package; readonly blueprints: readonly Blueprint[] }> {
  const pack = mustExist(await packages.get(fields.packageId), 'package', fields.packageId);
  const found: Blueprint[] = [];
  for (const blueprintId of [...new Set(fields.blueprintIds)].sort()) {
    found.push(mustExist(await blueprints.get(blueprintId), 'blueprint', blueprintId));
  }
  if (pack.kind === 'app-image' && found.length === 0) {
    throw invalid(
      'blueprintIds',
      `An app image of ${pack.packageId} has to be for some hardware.`,
      'Name each compatible blueprint with --blueprint.',
    );
  }
  return { pack, blueprints: found };
}

import { FleetError } from '../codes.ts';
import type { FleetContext } from '../context.ts';
import { deliveryOf } from '../deployments/deliver.ts';
import { checkRevision, mustExist, revise } from '../entity.ts';
import type { ReleaseService } from '../fleet.ts';
import { checkChosenId, newId } from '../ids.ts';
import type { Repositories } from '../repositories.ts';
import { checkTags } from '../tags/check-tags.ts';
import type { Release } from './release.ts';

/** Deployments aimed by blueprint and tags, switched on and off. */
export function createReleaseService(context: FleetContext): ReleaseService {
  const { store, change, randomBytes } = context;
  const { releases } = store.read;

  /** Whoever waits at this moment may match; asking again is cheap and says for certain. */
  const everybodyWaiting = () => context.news.waiting();

  return {
    get: async (releaseId) => mustExist(await releases.get(releaseId), 'release', releaseId),
    list: (filter, page) => releases.list(filter, page),
    create: (
      actor,
      { releaseTags = [], deviceTags = [], blueprintId = null, enabled = false, ...delivery },
    ) =>
      change(actor, async (within) => {
        const { repositories, audit, event, news, atMs } = within;
        const { deployments, blueprints } = repositories;
        const deploymentId = await deliveryOf(within, randomBytes, delivery);
        mustExist(await deployments.get(deploymentId), 'deployment', deploymentId);
        if (blueprintId !== null) {
          mustExist(await blueprints.get(blueprintId), 'blueprint', blueprintId);
        }
        const release: Release = {
          releaseId: newId('rel', randomBytes),
          deploymentId,
          sequence: (await repositories.releases.lastSequence()) + 1,
          releaseTags: await checkReleaseTags(repositories, releaseTags, null),
          deviceTags: await checkTags(repositories, deviceTags),
          blueprintId,
          enabled,
          createdAtMs: atMs,
          revision: 1,
        };
        await repositories.releases.insert(release);
        audit('release.create', `release/${release.releaseId}`, { deploymentId });
        event('release.created', { data: { releaseId: release.releaseId, deploymentId } });
        if (release.enabled) news(everybodyWaiting());
        return release;
      }),
    update: (actor, releaseId, { revision, enabled, ...wanted }) =>
      change(actor, async ({ repositories, audit, event, news }) => {
        const before = mustExist(await repositories.releases.get(releaseId), 'release', releaseId);
        const releaseTags = changedTags(
          before.releaseTags,
          wanted.releaseTags,
          wanted.addReleaseTags,
          wanted.removeReleaseTags,
        );
        const deviceTags = changedTags(
          before.deviceTags,
          wanted.deviceTags,
          wanted.addDeviceTags,
          wanted.removeDeviceTags,
        );
        const changes = {
          enabled,
          releaseTags:
            releaseTags && (await checkReleaseTags(repositories, releaseTags, releaseId)),
          deviceTags: deviceTags && (await checkTags(repositories, deviceTags)),
        };
        const after = revise(before, changes, revision);
        await repositories.releases.update(after);
        audit('release.update', `release/${releaseId}`, changes);
        event('release.updated', { data: { releaseId, enabled: after.enabled } });
        news(everybodyWaiting());
        return after;
      }),
    remove: (actor, releaseId, revision) =>
      change(actor, async ({ repositories, audit, event, news }) => {
        const release = mustExist(await repositories.releases.get(releaseId), 'release', releaseId);
        checkRevision(release, revision);
        await repositories.releases.delete(releaseId);
        audit('release.remove', `release/${releaseId}`);
        event('release.removed', { data: { releaseId } });
        news(everybodyWaiting());
      }),
  };
}

/** The tags after a change; `undefined` where none is wanted. */
function changedTags(
  before: readonly string[],
  instead: readonly string[] | undefined,
  added: readonly string[] | undefined,
  removed: readonly string[] | undefined,
): readonly string[] | undefined {
  if (instead === undefined && added === undefined && removed === undefined) return undefined;
  return [...(instead ?? before), ...(added ?? [])].filter((tag) => !removed?.includes(tag));
}

/** Sorted, without repeats; a name that another release has would leave open which one is meant. */
async function checkReleaseTags(
  { releases }: Repositories,
  tags: readonly string[],
  own: string | null,
): Promise<readonly string[]> {
  const names = [...new Set(tags.map((tag) => checkChosenId('releaseTags', tag)))].toSorted();
  for (const name of names) {
    const { list } = await releases.list({ tag: name }, { page: 0, perPage: 1000 });
    const other = list.find(
      ({ releaseId, releaseTags }) => releaseId !== own && releaseTags.includes(name),
    );
    if (other === undefined) continue;
    throw new FleetError('fleet/exists', `Release ${other.releaseId} is called ${name} already.`, {
      hint: 'Take another name, or remove it there.',
      details: { field: 'releaseTags', releaseTag: name, releaseId: other.releaseId },
    });
  }
  return names;
}

import type { Artifact } from '../artifacts/artifact.ts';
import type { Change } from '../change.ts';
import { FleetError } from '../codes.ts';
import type { FleetContext } from '../context.ts';
import { checkText, mustExist } from '../entity.ts';
import type { DeploymentService } from '../fleet.ts';
import { newId } from '../ids.ts';
import type { Repositories } from '../repositories.ts';
import type { Deployment } from './deployment.ts';

const LONGEST_NAME = 200;
const MOST_COMPONENTS = 100;

/** Devices hold the sequence in an int32. */
const LAST_SEQUENCE = 2 ** 31 - 1;

/** Immutable bundles of artifacts. */
export function createDeploymentService(context: FleetContext): DeploymentService {
  const { store, change } = context;
  const { deployments } = store.read;
  return {
    get: async (deploymentId) =>
      mustExist(await deployments.get(deploymentId), 'deployment', deploymentId),
    list: (filter, page) => deployments.list(filter, page),
    create: (actor, fields) =>
      change(actor, async (within) => {
        const artifacts = await findArtifacts(within.repositories, fields.components);
        const { restores } = fields;
        if (restores !== undefined) {
          mustExist(await within.repositories.deployments.get(restores), 'deployment', restores);
        }
        return await insertDeployment(within, context.randomBytes, { ...fields, artifacts });
      }),
  };
}

/** For people, where nobody said a name: `main 1.1.0, wifi 2.0.0`. */
function nameOf(components: Deployment['components']): string {
  const names = components.map(({ packageId, version }) => `${packageId} ${version}`);
  for (let shown = names.length; shown > 0; shown -= 1) {
    const more = names.length - shown;
    const text = names.slice(0, shown).join(', ') + (more === 0 ? '' : ` and ${more} more`);
    if (text.length <= LONGEST_NAME) return text;
  }
  return names[0] ?? '';
}

/** Stores a deployment of these artifacts under the next sequence number, as part of a larger change. */
export async function insertDeployment(
  { repositories, audit, event, atMs }: Change,
  randomBytes: FleetContext['randomBytes'],
  {
    name = '',
    artifacts,
    restores = null,
  }: {
    readonly name?: string;
    readonly artifacts: readonly Artifact[];
    readonly restores?: string | null;
  },
): Promise<Deployment> {
  const components = artifacts
    .map(({ packageId, version, artifactId }) => ({ packageId, version, artifactId }))
    .toSorted((one, other) => (one.packageId < other.packageId ? -1 : 1));
  const twice = components.find(({ packageId }, at) => components[at - 1]?.packageId === packageId);
  if (twice !== undefined) {
    throw new FleetError('fleet/invalid', `Package ${twice.packageId} is in it twice.`, {
      hint: 'A deployment has at most one artifact of each package.',
      details: { field: 'components', packageId: twice.packageId },
    });
  }
  const sequence = (await repositories.deployments.lastSequence()) + 1;
  if (sequence > LAST_SEQUENCE) {
    throw new FleetError('fleet/invalid', `There is no deployment number after ${LAST_SEQUENCE}.`, {
      hint: 'Begin a new data folder: devices cannot count further.',
    });
  }
  const deployment: Deployment = {
    deploymentId: newId('dep', randomBytes),
    name: name === '' ? nameOf(components) : checkText('name', name, LONGEST_NAME),
    sequence,
    components,
    restores,
    createdAtMs: atMs,
  };
  await repositories.deployments.insert(deployment);
  const { deploymentId } = deployment;
  audit('deployment.create', `deployment/${deploymentId}`, { sequence, restores });
  event('deployment.created', { data: { deploymentId, sequence, components, restores } });
  return deployment;
}

/** The artifacts that are meant by these components, in their order. */
export async function findArtifacts(
  repositories: Repositories,
  components: readonly string[],
): Promise<readonly Artifact[]> {
  if (components.length === 0 || components.length > MOST_COMPONENTS) {
    throw new FleetError('fleet/invalid', `A deployment of ${components.length} artifacts.`, {
      hint: `Name 1 to ${MOST_COMPONENTS}, such as main@1.1.0.`,
      details: { field: 'components', count: components.length },
    });
  }
  const artifacts: Artifact[] = [];
  for (const component of components) artifacts.push(await findArtifact(repositories, component));
  return artifacts;
}

/** By id, or by `package@version` where that is one artifact. */
async function findArtifact(repositories: Repositories, component: string): Promise<Artifact> {
  const at = component.lastIndexOf('@');
  if (at < 1) return mustExist(await repositories.artifacts.get(component), 'artifact', component);
  const [packageId, version] = [component.slice(0, at), component.slice(at + 1)];
  const page = { page: 0, perPage: 10 };
  const { list } = await repositories.artifacts.list({ packageId, version }, page);
  const [artifact, another] = list;
  if (another === undefined) return mustExist(artifact ?? null, 'artifact', component);
  throw new FleetError('fleet/invalid', `${component} is ${list.length} artifacts.`, {
    hint: 'They are for different hardware. Name the one that is meant by its id.',
    details: {
      field: 'components',
      component,
      artifacts: list.map(({ artifactId, blueprintIds }) => ({ artifactId, blueprintIds })),
    },
  });
}

import type {
  AccessToken,
  Artifact,
  Cohort,
  Command,
  Deployment,
  Device,
  Package,
  Release,
  Repositories,
  Rollout,
  RolloutDevice,
  Webhook,
} from '../../../src/fleet/index.ts';

const AT = 1_700_000_000_000;

export function aPackage(fields: Partial<Package> = {}): Package {
  return {
    packageId: 'main',
    kind: 'app-image',
    description: 'The application',
    metadata: { team: 'firmware' },
    createdAtMs: AT,
    revision: 1,
    ...fields,
  };
}

export function anArtifact(fields: Partial<Artifact> = {}): Artifact {
  return {
    artifactId: 'art_1',
    packageId: 'main',
    version: '1.0.0',
    blueprintIds: ['sensor'],
    sizeBytes: 1000,
    sha256: 'aa'.repeat(32),
    md5: 'bb'.repeat(16),
    releaseNotes: '',
    minVersion: null,
    image: null,
    signatures: [],
    createdAtMs: AT,
    revision: 1,
    ...fields,
  };
}

export function aDeployment(fields: Partial<Deployment> = {}): Deployment {
  return {
    deploymentId: 'dep_1',
    name: 'first',
    sequence: 1,
    components: [{ packageId: 'main', version: '1.0.0', artifactId: 'art_1' }],
    restores: null,
    createdAtMs: AT,
    ...fields,
  };
}

export function aCohort(fields: Partial<Cohort> = {}): Cohort {
  return {
    cohortId: 'production',
    description: '',
    activeDeploymentId: null,
    createdAtMs: AT,
    revision: 1,
    ...fields,
  };
}

export function aDevice(fields: Partial<Device> = {}): Device {
  return {
    deviceId: 'board-1',
    name: 'Board 1',
    blueprintId: null,
    cohortId: null,
    tags: [],
    enabled: true,
    pinnedDeploymentId: null,
    credential: { secretHash: 'cc'.repeat(32), previousSecretHash: null, createdAtMs: AT },
    reported: { main: { version: '1.0.0', imageHash: null, reportedAtMs: AT, bootedAtMs: AT } },
    failures: {},
    secureVersion: null,
    lastSeenAtMs: null,
    lastBootedAtMs: null,
    createdAtMs: AT,
    revision: 1,
    ...fields,
  };
}

export function aRelease(fields: Partial<Release> = {}): Release {
  return {
    releaseId: 'rel_1',
    deploymentId: 'dep_1',
    sequence: 1,
    releaseTags: ['v1'],
    deviceTags: ['outdoor'],
    blueprintId: null,
    enabled: true,
    createdAtMs: AT,
    revision: 1,
    ...fields,
  };
}

export function aRollout(fields: Partial<Rollout> = {}): Rollout {
  return {
    rolloutId: 'rol_1',
    deploymentId: 'dep_1',
    cohortId: 'production',
    plan: {
      canaryPercent: 5,
      stepPercent: 10,
      phaseMs: 1000,
      failureThresholdPercent: 5,
      minSample: 1,
      soakMs: 0,
      deviceTimeoutMs: 1000,
      rollbackDeploymentId: null,
      autoRollback: false,
      window: null,
      maxConcurrent: null,
    },
    state: { kind: 'active' },
    phase: 0,
    percent: 5,
    cut: '0000000000000000',
    phaseStartedAtMs: AT,
    nextPhaseAtMs: null,
    counters: {
      scheduled: 0,
      offered: 0,
      downloading: 0,
      verifying: 0,
      installing: 0,
      rebooting: 0,
      soaking: 0,
      succeeded: 0,
      failed: 0,
      'rolled-back': 0,
      'timed-out': 0,
      skipped: 0,
    },
    retrying: 0,
    members: 20,
    supersedes: null,
    startedAtMs: AT,
    createdAtMs: AT,
    revision: 1,
    ...fields,
  };
}

export function aRolloutDevice(fields: Partial<RolloutDevice> = {}): RolloutDevice {
  return {
    rolloutId: 'rol_1',
    deviceId: 'board-1',
    state: 'offered',
    reason: 'It asked.',
    sinceMs: AT,
    direction: 'forward',
    attempts: 1,
    dueAtMs: null,
    cameFrom: { main: '0.9.0' },
    ...fields,
  };
}

export function aCommand(fields: Partial<Command> = {}): Command {
  return {
    commandId: 'cmd_1',
    deviceId: 'board-1',
    name: 'reboot',
    payload: { after: 5 },
    state: 'queued',
    deliveries: 0,
    maxDeliveries: 5,
    redeliverAtMs: null,
    createdAtMs: AT,
    expiresAtMs: null,
    deliveredAtMs: null,
    finishedAtMs: null,
    result: null,
    ...fields,
  };
}

export function aToken(fields: Partial<AccessToken> = {}): AccessToken {
  return {
    tokenId: 'tok_1',
    name: 'ci',
    role: 'uploader',
    provisions: { blueprintId: null, cohortId: null },
    secretHash: 'dd'.repeat(32),
    createdAtMs: AT,
    expiresAtMs: null,
    revokedAtMs: null,
    lastUsedAtMs: null,
    ...fields,
  };
}

export function aWebhook(fields: Partial<Webhook> = {}): Webhook {
  return {
    webhookId: 'whk_1',
    url: 'https://example.com/hook',
    eventTypes: ['*'],
    secret: 'very secret',
    enabled: true,
    lastEventId: 0,
    failures: 0,
    retryAtMs: null,
    lastError: null,
    createdAtMs: AT,
    revision: 1,
    ...fields,
  };
}

/** A package, an artifact, a deployment, a cohort and a device, which most others refer to. */
export async function aSmallFleet(repositories: Repositories): Promise<void> {
  await repositories.packages.insert(aPackage());
  await repositories.artifacts.insert(anArtifact());
  await repositories.deployments.insert(aDeployment());
  await repositories.cohorts.insert(aCohort());
  await repositories.devices.insert(aDevice({ cohortId: 'production' }));
}

import { createFleetContext, type FleetParts } from './context.ts';
import { createArtifactService } from './artifacts/artifact-service.ts';
import { createBlueprintService } from './blueprints/blueprint-service.ts';
import { createKeyService } from './keys/key-service.ts';
import { createPackageService } from './packages/package-service.ts';
import { createTagService } from './tags/tag-service.ts';
import { createCohortService } from './cohorts/cohort-service.ts';
import { createDeploymentService } from './deployments/deployment-service.ts';
import { createReleaseService } from './releases/release-service.ts';
import { createCommandService } from './commands/command-service.ts';
import { createTokenService } from './access/token-service.ts';
import { createWebhookService } from './webhooks/webhook-service.ts';
import { createDeviceService } from './devices/device-service.ts';
import { createDeviceGate } from './devices/device-gate.ts';
import { createEventService } from './events/event-service.ts';
import { explainDevice } from './desired/explain-device.ts';
import { FleetCache } from './desired/fleet-cache.ts';
import type { Fleet } from './fleet.ts';
import { createRolloutService } from './rollouts/rollout-service.ts';

/**
 * The whole fleet over a store and a place for bytes. It starts no timers: somebody calls
 * `rollouts.tick()` and the like. Disposing it closes the store.
 *
 * @example
 * await using fleet = createFleet({ store, blobs, clock: systemClock });
 */
export function createFleet(parts: FleetParts): Fleet {
  const context = createFleetContext(parts);
  const cache = new FleetCache(context);
  const artifacts = createArtifactService(context);
  const commands = createCommandService(context);
  const rollouts = createRolloutService(context);
  const gate = createDeviceGate({
    context,
    cache,
    commands,
    openArtifact: (artifactId) => artifacts.open(artifactId),
  });
  return {
    audit: { list: context.store.read.audit.list.bind(context.store.read.audit) },
    events: createEventService(context),
    packages: createPackageService(context),
    blueprints: createBlueprintService(context),
    artifacts,
    keys: createKeyService(context),
    tags: createTagService(context),
    cohorts: createCohortService(context),
    deployments: createDeploymentService(context),
    releases: createReleaseService(context),
    commands,
    tokens: createTokenService(context),
    webhooks: createWebhookService(context),
    devices: {
      ...createDeviceService(context),
      explain: (deviceId) => explainDevice(context, cache, deviceId),
    },
    rollouts: {
      ...rollouts,
      tick: async () => {
        await rollouts.tick();
        await gate.flushDue();
      },
    },
    gate,
    [Symbol.asyncDispose]: async () => {
      await gate.flush();
      await context.store[Symbol.asyncDispose]();
    },
  };
}

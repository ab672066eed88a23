import { ACCESS_ROUTES } from './access.ts';
import { ARTIFACT_ROUTES } from './artifacts.ts';
import { BLUEPRINT_ROUTES } from './blueprints.ts';
import { COHORT_ROUTES } from './cohorts.ts';
import { COMMAND_ROUTES } from './commands.ts';
import { CORE_M_ROUTES } from './core-m.ts';
import { DEPLOYMENT_ROUTES } from './deployments.ts';
import { DEVICE_ROUTES } from './devices.ts';
import { EVENT_ROUTES } from './events.ts';
import { KEY_ROUTES } from './keys.ts';
import { PACKAGE_ROUTES } from './packages.ts';
import { RELEASE_ROUTES } from './releases.ts';
import { ROLLOUT_ROUTES } from './rollouts.ts';
import type { Route } from './route.ts';
import { SYSTEM_ROUTES } from './system.ts';
import { TAG_ROUTES } from './tags.ts';
import { WEBHOOK_ROUTES } from './webhooks.ts';

/** The whole management API. */
export const ROUTES: readonly Route[] = [
  ...PACKAGE_ROUTES,
  ...ARTIFACT_ROUTES,
  ...BLUEPRINT_ROUTES,
  ...KEY_ROUTES,
  ...TAG_ROUTES,
  ...DEVICE_ROUTES,
  ...COMMAND_ROUTES,
  ...COHORT_ROUTES,
  ...DEPLOYMENT_ROUTES,
  ...RELEASE_ROUTES,
  ...ROLLOUT_ROUTES,
  ...CORE_M_ROUTES,
  ...ACCESS_ROUTES,
  ...EVENT_ROUTES,
  ...WEBHOOK_ROUTES,
  ...SYSTEM_ROUTES,
];

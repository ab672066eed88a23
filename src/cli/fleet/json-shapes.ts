/** What things of the fleet look like in JSON: names of fields as the API has them, for `--help`. */

export const PACKAGE = 'packageId, kind, description, metadata, createdAtMs, revision';

export const BLUEPRINT =
  'blueprintId, description, chip, flashSizeBytes, partitionTable, createdAtMs, revision';

export const ARTIFACT =
  'artifactId, packageId, version, blueprintIds[], sizeBytes, sha256, md5, releaseNotes, minVersion, ' +
  'image{chip, projectName, descriptorVersion, secureVersion, imageHash, appElfSha256}, ' +
  'signatures[]{keyId, algorithm, signature, sequence}, createdAtMs, revision';

export const DEPLOYMENT =
  'deploymentId, name, sequence, components[]{packageId, version, artifactId}, restores, createdAtMs';

export const COHORT = 'cohortId, description, activeDeploymentId, createdAtMs, revision';

export const RELEASE =
  'releaseId, deploymentId, sequence, releaseTags[], deviceTags[], blueprintId, enabled, createdAtMs, ' +
  'revision';

export const DEVICE =
  'deviceId, name, blueprintId, cohortId, tags[], enabled, pinnedDeploymentId, ' +
  'credential{createdAtMs}, reported, secureVersion, lastSeenAtMs, lastBootedAtMs, createdAtMs, revision';

export const TAG = 'tag, description, devices';

export const COMMAND =
  'commandId, deviceId, name, payload, state, deliveries, maxDeliveries, redeliverAtMs, createdAtMs, ' +
  'expiresAtMs, deliveredAtMs, finishedAtMs, result';

export const KEY = 'keyId, name, algorithm, publicKey, createdAtMs, revokedAtMs';

export const TOKEN =
  'tokenId, name, role, provisions{blueprintId, cohortId}, createdAtMs, expiresAtMs, revokedAtMs, ' +
  'lastUsedAtMs';

export const WEBHOOK =
  'webhookId, url, eventTypes[], enabled, lastEventId, failures, retryAtMs, lastError, createdAtMs, ' +
  'revision';

export const AUDIT_ENTRY = 'auditId, atMs, actor, action, subject, details';

export const EVENT = 'eventId, atMs, type, deviceId, rolloutId, data';

export const ROLLOUT_LOG = 'rolloutId, position, atMs, deviceId, what, data';

export const ROLLOUT_DEVICE =
  'rolloutId, deviceId, state, reason, sinceMs, direction, attempts, dueAtMs, cameFrom';

export const ROLLOUT =
  'rolloutId, deploymentId, cohortId, plan{canaryPercent, stepPercent, phaseMs, failureThresholdPercent, ' +
  'minSample, soakMs, deviceTimeoutMs, rollbackDeploymentId, autoRollback, window{fromMinute, toMinute, ' +
  'timeZone}, maxConcurrent}, state{kind, by, reason, atMs, rolledBack}, phase, percent, cut, ' +
  'phaseStartedAtMs, nextPhaseAtMs, waitsFor, counters{scheduled, offered, downloading, verifying, ' +
  'installing, rebooting, soaking, succeeded, failed, rolled-back, timed-out, skipped}, retrying, ' +
  'members, supersedes, startedAtMs, createdAtMs, revision';

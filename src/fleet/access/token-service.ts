import { FleetError } from '../codes.ts';
import type { FleetContext } from '../context.ts';
import { checkText, momentAfter, mustExist } from '../entity.ts';
import type { TokenService } from '../fleet.ts';
import { newId } from '../ids.ts';
import type { AccessToken } from './access-token.ts';
import { hashSecret, newSecret, sameHash } from './secret.ts';

const LONGEST_NAME = 200;

/** How exact `lastUsedAtMs` is: a token in use is not written down at every request. */
const LAST_USED_EVERY_MS = 60_000;

/** Credentials of people, CI and first contact. */
export function createTokenService({
  store,
  change,
  clock,
  randomBytes,
}: FleetContext): TokenService {
  const { tokens } = store.read;
  return {
    get: async (tokenId) => mustExist(await tokens.get(tokenId), 'token', tokenId),
    list: (filter, page) => tokens.list(filter, page),
    create: (actor, { name, role, expiresInMs, provisions = {} }) =>
      change(actor, async ({ repositories, audit, atMs }) => {
        const { blueprintId = null, cohortId = null } = provisions;
        if (role !== 'provisioner' && (blueprintId !== null || cohortId !== null)) {
          throw new FleetError(
            'fleet/invalid',
            `A token of the role ${role} registers no devices.`,
            {
              hint: 'Leave the blueprint and the cohort out, or make it a provisioner.',
              details: { field: 'provisions' },
            },
          );
        }
        if (blueprintId !== null) {
          mustExist(await repositories.blueprints.get(blueprintId), 'blueprint', blueprintId);
        }
        if (cohortId !== null) {
          mustExist(await repositories.cohorts.get(cohortId), 'cohort', cohortId);
        }
        const secret = newSecret('otk', randomBytes);
        const token: AccessToken = {
          tokenId: newId('tok', randomBytes),
          name: checkText('name', name, LONGEST_NAME),
          role,
          provisions: { blueprintId, cohortId },
          secretHash: hashSecret(secret),
          createdAtMs: atMs,
          expiresAtMs: momentAfter(atMs, 'expiresInMs', expiresInMs),
          revokedAtMs: null,
          lastUsedAtMs: null,
        };
        await repositories.tokens.insert(token);
        audit('token.create', `token/${token.tokenId}`, { name, role });
        return { token, secret };
      }),
    revoke: (actor, tokenId) =>
      change(actor, async ({ repositories, audit, atMs }) => {
        const before = mustExist(await repositories.tokens.get(tokenId), 'token', tokenId);
        const token = { ...before, revokedAtMs: before.revokedAtMs ?? atMs };
        await repositories.tokens.update(token);
        audit('token.revoke', `token/${tokenId}`);
        return token;
      }),
    authenticate: async (secret) => {
      const secretHash = hashSecret(secret);
      const token = await tokens.bySecretHash(secretHash);
      if (token === null || !sameHash(token.secretHash, secretHash)) return null;
      const now = clock.now();
      const isOver = token.expiresAtMs !== null && token.expiresAtMs <= now;
      if (token.revokedAtMs !== null || isOver) return null;
      if (now - (token.lastUsedAtMs ?? 0) < LAST_USED_EVERY_MS) return token;
      return await store.transaction(async (repositories) => {
        // Read again: it may have been revoked since, and that must not be written over.
        const current = await repositories.tokens.get(token.tokenId);
        if (current === null || current.revokedAtMs !== null) return null;
        const used = { ...current, lastUsedAtMs: now };
        await repositories.tokens.update(used);
        return used;
      });
    },
  };
}

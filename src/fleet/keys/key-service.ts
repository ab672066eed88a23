import type { FleetContext } from '../context.ts';
import { checkText, mustExist } from '../entity.ts';
import type { KeyService } from '../fleet.ts';
import { readPublicKey } from '../signature/signing-keys.ts';
import type { SigningKey } from './signing-key.ts';

const LONGEST_NAME = 200;

/** The public keys whose signatures count. */
export function createKeyService({ store, change, news }: FleetContext): KeyService {
  const { keys } = store.read;
  return {
    get: async (keyId) => mustExist(await keys.get(keyId), 'key', keyId),
    list: (filter, page) => keys.list(filter, page),
    add: (actor, { name, publicKey }) =>
      change(actor, async ({ repositories, audit, event, atMs }) => {
        const { keyId, algorithm, pem } = readPublicKey(publicKey);
        const key: SigningKey = {
          keyId,
          name: checkText('name', name, LONGEST_NAME),
          algorithm,
          publicKey: pem,
          createdAtMs: atMs,
          revokedAtMs: null,
        };
        await repositories.keys.insert(key);
        audit('key.add', `key/${keyId}`, { name, algorithm });
        event('key.added', { data: { keyId, name } });
        return key;
      }),
    revoke: (actor, keyId) =>
      change(actor, async ({ repositories, audit, event, atMs, news: tell }) => {
        const before = mustExist(await repositories.keys.get(keyId), 'key', keyId);
        const key = { ...before, revokedAtMs: before.revokedAtMs ?? atMs };
        await repositories.keys.update(key);
        audit('key.revoke', `key/${keyId}`);
        event('key.revoked', { data: { keyId } });
        // What was offered because of this key may not be any more.
        tell(news.waiting());
        return key;
      }),
  };
}

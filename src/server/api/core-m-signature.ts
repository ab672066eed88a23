import type { DetachedSignature, Fleet } from '../../fleet/index.ts';
import { ServerError } from '../codes.ts';

/**
 * The signature of a CORE-M request in our form. CORE-M knows one key only, so the key may be left out
 * where one is registered.
 *
 * @throws ServerError `server/invalid-request` where it is not clear which key is meant
 */
export async function coreMSignature(
  { keys }: Pick<Fleet, 'keys'>,
  body: {
    readonly signature?: string | undefined;
    readonly key_id?: string | undefined;
    readonly signature_sequence: number;
  },
): Promise<readonly DetachedSignature[]> {
  const { signature, key_id: keyId, signature_sequence: sequence } = body;
  if (signature === undefined) return [];
  if (keyId !== undefined) {
    const { algorithm } = await keys.get(keyId);
    return [{ keyId, algorithm, signature, sequence }];
  }
  const { list } = await keys.list({ revoked: false }, { page: 0, perPage: 2 });
  const [only, another] = list;
  if (only === undefined || another !== undefined) {
    throw new ServerError('server/invalid-request', 'body: key_id is missing', {
      hint: 'Say which of the registered keys signed: GET /api/v1/keys lists them.',
      details: { in: 'body', findings: [{ field: 'key_id', problem: 'missing' }] },
    });
  }
  return [{ keyId: only.keyId, algorithm: only.algorithm, signature, sequence }];
}

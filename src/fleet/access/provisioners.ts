import { someOf, type Users } from '../in-use.ts';
import type { TokenRepository } from '../repositories.ts';
import type { AccessToken } from './access-token.ts';

/** More of them than this are not looked through. */
const MOST = 1000;

/** The tokens that register devices into something; those that are revoked or expired do not. */
export async function provisionersOf(
  tokens: TokenRepository,
  nowMs: number,
  matches: (into: AccessToken['provisions']) => boolean,
): Promise<Users> {
  const { list } = await tokens.list({ role: 'provisioner' }, { page: 0, perPage: MOST });
  const ids = list
    .filter(
      ({ revokedAtMs, expiresAtMs, provisions }) =>
        revokedAtMs === null && (expiresAtMs ?? Infinity) > nowMs && matches(provisions),
    )
    .map(({ tokenId }) => tokenId);
  return someOf('token', ids);
}

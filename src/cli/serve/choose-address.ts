import { existsSync } from 'node:fs';
import { networkInterfaces, release } from 'node:os';
import {
  type AddressCandidate,
  checkAddress,
  type Guest,
  guestByNetworkCard,
  type NetworkInterfaces,
  rankAddresses,
  ServeError,
} from '../../serve/index.ts';
import type { Issue } from '../../shared/index.ts';

/** The address for the URL, the others that there are, and what speaks against it. */
export interface ChosenAddress {
  readonly host: string;
  readonly others: readonly AddressCandidate[];
  readonly issues: readonly Issue[];
}

const WILDCARDS = new Set(['0.0.0.0', '::', '']);

/**
 * Chooses the address that a device on the LAN most likely reaches.
 *
 * @throws ServeError `serve/no-address`
 */
export function chooseAddress(
  { bind, host }: { readonly bind: string; readonly host?: string },
  interfaces: NetworkInterfaces = networkInterfaces(),
  guest: Guest | null = knownGuest(),
): ChosenAddress {
  const candidates = rankAddresses(interfaces);
  const asked = host ?? (WILDCARDS.has(bind) ? undefined : bind);
  const chosen = asked ?? candidates[0]?.address;
  if (chosen === undefined) {
    throw new ServeError('serve/no-address', 'this machine has no IPv4 address', {
      hint: 'Connect it to the network of the boards, or name an address with --host.',
    });
  }
  const known = candidates.find((candidate) => candidate.address === chosen);
  const isReal = known?.kind === 'lan' || known?.kind === 'public';
  const byCard = isReal ? guestByNetworkCard(chosen, interfaces) : null;
  // An address that was given by hand may well be the forwarding host's: only ours are judged.
  const inside = host === undefined ? (guest ?? byCard) : null;
  return {
    host: chosen,
    others: candidates.filter(
      ({ address, kind }) => asked === undefined && address !== chosen && kind !== 'loopback',
    ),
    issues: checkAddress(chosen, known?.kind ?? null, inside),
  };
}

function knownGuest(): Guest | null {
  if (/microsoft/i.test(release())) return 'wsl';
  return existsSync('/.dockerenv') || existsSync('/run/.containerenv') ? 'container' : null;
}

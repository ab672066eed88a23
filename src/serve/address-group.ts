import { plainAddress } from './exchange.ts';

const GROUPS = 8;
const PREFIX_GROUPS = 4;

/** Whether an address is one of this machine alone. */
export function isLoopback(address: string): boolean {
  return address === '::1' || plainAddress(address).startsWith('127.');
}

/**
 * Whom an address stands for where somebody is to be counted: itself or, for IPv6, its /64, of which
 * every host has all addresses to choose from. Link-local ones are a whole LAN, and count by themselves.
 */
export function addressGroup(address: string | undefined): string {
  const plain = plainAddress(address);
  if (!plain.includes(':') || /^fe[89ab]/i.test(plain)) return plain;
  const [before = '', after] = plain.split('::');
  const [first, last] = [before, after ?? ''].map((part) => (part === '' ? [] : part.split(':')));
  const [head, tail] = [first ?? [], last ?? []];
  const missing = after === undefined ? 0 : Math.max(0, GROUPS - head.length - tail.length);
  const all = [...head, ...Array.from({ length: missing }, () => '0'), ...tail];
  return `${all.slice(0, PREFIX_GROUPS).join(':')}::/64`;
}

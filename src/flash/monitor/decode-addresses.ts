import { type CodeLocation, type CodeMap, demangle } from '../../app-image/index.ts';
import type { NamedAddress } from './code-addresses.ts';

/** A code address of a crash report, with where in the source it comes from. */
export interface DecodedAddress extends CodeLocation {
  readonly address: number;
  /** As its programmer wrote it; `null` where no symbol covers the address. */
  readonly function: string | null;
  /** The same as the linker has it. */
  readonly symbol: string | null;
  /** `backtrace`, the register that holds it, or `stack`: probably a caller, by what is on the stack. */
  readonly role: string;
}

/** Looks addresses up; those where the program has no code (the ROM, data) are left out. */
export function decodeAddresses(
  addresses: readonly NamedAddress[],
  map: CodeMap,
): readonly DecodedAddress[] {
  return addresses.flatMap(({ address, role, isReturn, isGuess }) => {
    if (isGuess && !map.followsCall(address)) return [];
    const location = map.locate(isReturn ? address - 1 : address);
    if (location === null) return [];
    const { function: symbol, ...place } = location;
    const name = symbol === null ? null : demangle(symbol);
    return [{ address, role, function: name, symbol, ...place }];
  });
}

/** One line for people: `0x400d1234: app_main at main/main.c:42`. */
export function describeAddress({ address, role, ...location }: DecodedAddress): string {
  const { function: name, file, line } = location;
  const at = file === null ? '' : ` at ${file}${line === null ? '' : `:${line}`}`;
  const of = role === 'backtrace' ? '' : `${role} `;
  return `${of}0x${address.toString(16).padStart(8, '0')}: ${name ?? 'unknown function'}${at}`;
}

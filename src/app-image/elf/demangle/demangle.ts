import { demangleCpp } from './cpp.ts';
import { demangleRustLegacy } from './rust-legacy.ts';
import { demangleRustV0 } from './rust-v0.ts';

/**
 * A linker's symbol as its programmer wrote the name: Rust's, old and new, with what it is generic
 * over; C++'s without parameters, and `<…>` for template arguments. Everything else, C above all, is
 * answered as it is.
 */
export function demangle(symbol: string): string {
  return demangleRustV0(symbol) ?? demangleRustLegacy(symbol) ?? demangleCpp(symbol) ?? symbol;
}

import { selfSignedCertificate as make } from '../../src/simulator/index.ts';

/** A certificate that nobody trusts, for servers in tests. */
export function selfSignedCertificate(): { readonly cert: string; readonly key: string } {
  return make('localhost', Date.now());
}

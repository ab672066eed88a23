import { ecdsa, weierstrass } from '@noble/curves/abstract/weierstrass.js';
import { p256, p384 } from '@noble/curves/nist.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { concatBytes } from '../../shared/index.ts';
import type { EcdsaCurve, PublicKey } from './block.ts';

/** secp192r1 (SEC 2, 2.2.2), which WebCrypto lacks and small ESP32 chips sign with. */
const p192 = ecdsa(
  weierstrass({
    p: 0xfffffffffffffffffffffffffffffffeffffffffffffffffn,
    n: 0xffffffffffffffffffffffff99def836146bc9b1b4d22831n,
    h: 1n,
    a: 0xfffffffffffffffffffffffffffffffefffffffffffffffcn,
    b: 0x64210519e59c80e70fa7e9ab72243049feb8deecc146b9b1n,
    Gx: 0x188da80eb03090f67cbf20eb43a18800f4ff0afd82ff1012n,
    Gy: 0x07192b95ffc8da78631011ed6b24cdd573f977a11e794811n,
  }),
  sha256,
);

const CURVES = { p192, p256, p384 } as const satisfies Record<EcdsaCurve, unknown>;

/** Verifies r and s over a digest. Numbers that are no point or no signature are simply not valid. */
export function verifyEcdsa(
  { curve, x, y }: Extract<PublicKey, { kind: 'ecdsa' }>,
  digest: Uint8Array,
  signature: Uint8Array,
): boolean {
  const point = concatBytes([Uint8Array.of(4), x, y]);
  try {
    // Signers do not normalise s, so high values of it are as good as low ones.
    return CURVES[curve].verify(signature, digest, point, { prehash: false, lowS: false });
  } catch {
    return false;
  }
}

import { generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';
import type { TlsKeyPair } from './rpc/listener.ts';

/*
 * A self-signed X.509 certificate, DER by hand: Node makes keys and signatures, but no certificates.
 * Object identifiers and structure are those of RFC 5280 and RFC 5758.
 */

const TAG = { integer: 0x02, bits: 0x03, octets: 0x04, text: 0x0c, time: 0x18 } as const;
const SEQUENCE = 0x30;
const SET = 0x31;
const ECDSA_SHA256 = Buffer.from('06082a8648ce3d040302', 'hex');
const COMMON_NAME = Buffer.from('0603550403', 'hex');
const SUBJECT_ALT_NAME = Buffer.from('0603551d11', 'hex');
const VERSION_3 = Buffer.from('a003020102', 'hex');
const DAY_MS = 86_400_000;

/** Makes a key pair and a certificate for it that is valid for a year. */
export function selfSignedCertificate(host: string, nowMs: number): TlsKeyPair {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const name = der(
    SEQUENCE,
    der(SET, der(SEQUENCE, COMMON_NAME, der(TAG.text, Buffer.from(host)))),
  );
  const serial = Buffer.concat([Buffer.from([0x01]), randomBytes(15)]);
  const altNames = der(
    SEQUENCE,
    der(0x82, Buffer.from(host)),
    der(0x87, Buffer.from([127, 0, 0, 1])),
  );
  const body = der(
    SEQUENCE,
    VERSION_3,
    der(TAG.integer, serial),
    der(SEQUENCE, ECDSA_SHA256),
    name,
    der(SEQUENCE, time(nowMs - DAY_MS), time(nowMs + 365 * DAY_MS)),
    name,
    publicKey.export({ type: 'spki', format: 'der' }),
    der(0xa3, der(SEQUENCE, der(SEQUENCE, SUBJECT_ALT_NAME, der(TAG.octets, altNames)))),
  );
  const certificate = der(
    SEQUENCE,
    body,
    der(SEQUENCE, ECDSA_SHA256),
    bits(signed(body, privateKey)),
  );
  return {
    cert: pem(certificate),
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  };
}

function signed(body: Buffer, key: KeyObject): Buffer {
  return sign('sha256', body, key);
}

function bits(value: Buffer): Buffer {
  return der(TAG.bits, Buffer.from([0]), value);
}

function time(ms: number): Buffer {
  const text = new Date(ms).toISOString().replaceAll(/[-:T]|\.\d+/g, '');
  return der(TAG.time, Buffer.from(text));
}

function der(tag: number, ...parts: readonly Buffer[]): Buffer {
  const content = Buffer.concat(parts);
  const size = content.length;
  const length =
    size < 0x80 ? [size] : size < 0x100 ? [0x81, size] : [0x82, size >> 8, size & 0xff];
  return Buffer.concat([Buffer.from([tag, ...length]), content]);
}

function pem(bytes: Buffer): string {
  const lines = bytes.toString('base64').match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`;
}

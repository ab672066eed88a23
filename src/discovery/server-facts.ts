import { type ChipName, parseChipName } from '../chips/index.ts';
import { DiscoveryError } from './codes.ts';

/**
 * What a server says of itself to everybody on the LAN. A fixed shape on purpose: the download URL
 * and its token are the credential, and there is no place here to put them by mistake.
 */
export interface ServerFacts {
  /** The version tag for the machine config. */
  readonly tag: string;
  /** SHA-256 of the image, as 64 lower-case hex digits. */
  readonly sha256: string;
  readonly sizeBytes: number;
  /** The chip that the image is for, or `null` where its header names none. */
  readonly chip: ChipName | null;
  /** From the app descriptor; `null` where the image has none. */
  readonly projectName: string | null;
  /** Whether a download needs the token, as it does unless the server runs with `--no-auth`. */
  readonly needsToken: boolean;
}

/** The facts as the key/value pairs of a TXT record (RFC 6763 §6); keys have at most 9 characters. */
export function factsToText(facts: ServerFacts): Readonly<Record<string, string>> {
  const text = {
    txtvers: '1',
    tag: facts.tag,
    sha256: facts.sha256,
    size: String(facts.sizeBytes),
    auth: facts.needsToken ? 'token' : 'none',
    ...(facts.chip === null ? {} : { chip: facts.chip }),
    ...(facts.projectName === null ? {} : { project: facts.projectName }),
  };
  for (const [key, value] of Object.entries(text)) {
    const lengthBytes = new TextEncoder().encode(`${key}=${value}`).length;
    if (lengthBytes <= 255) continue;
    throw new DiscoveryError(
      'discovery/fact-too-long',
      `the ${key} to announce takes ${lengthBytes} bytes, and a DNS text string holds 255`,
      { hint: `Choose a shorter ${key}.`, details: { key, lengthBytes, limitBytes: 255 } },
    );
  }
  return text;
}

/** The facts that a server's TXT record states, or `null` where it is not one of ours. */
export function factsFromText(text: ReadonlyMap<string, string>): ServerFacts | null {
  const tag = text.get('tag');
  const sha256 = text.get('sha256') ?? '';
  const size = text.get('size') ?? '';
  if (tag === undefined || !/^[0-9a-f]{64}$/.test(sha256) || !/^\d{1,10}$/.test(size)) return null;
  return {
    tag,
    sha256,
    sizeBytes: Number(size),
    chip: parseChipName(text.get('chip') ?? ''),
    projectName: text.get('project') ?? null,
    needsToken: text.get('auth') !== 'none',
  };
}

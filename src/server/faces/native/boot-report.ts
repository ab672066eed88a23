import { z } from 'zod';
import type { BootReport } from '../../../fleet/index.ts';
import { ServerError } from '../../codes.ts';
import { parseJson } from '../../http/parse-json.ts';
import { validate } from '../../http/validate.ts';
import { identifier, MAIN_PACKAGE, sha256Text, versionText } from '../wire-shapes.ts';

const MOST_PACKAGES = 32;

const bootedPackage = z.object({
  package_id: identifier.default(MAIN_PACKAGE),
  version: versionText,
  /** The SHA-256 that ends the image, as `esp_partition_get_sha256` gives it. */
  image_hash: sha256Text.nullish(),
  /** `esp_app_desc_t.app_elf_sha256`. */
  elf_sha256: sha256Text.nullish(),
  secure_version: z.coerce.number().int().min(0).max(0xffff_ffff).nullish(),
});

const jsonBody = z.union([
  z.object({ packages: z.array(bootedPackage).min(1).max(MOST_PACKAGES) }),
  bootedPackage.transform((one) => ({ packages: [one] })),
]);

/** Facts of the package that was named before them: no package id begins like this. */
const FACTS: ReadonlyMap<string, string> = new Map([
  ['_image', 'image_hash'],
  ['_elf', 'elf_sha256'],
  ['_secure_version', 'secure_version'],
]);

/**
 * What a device says that it booted. JSON, or text that one `snprintf` makes: `main=1.1.0`, with further
 * packages and facts behind `&` or on lines of their own: `main=1.1.0&_elf=<hex>&modem=7`. In text, `%xx`
 * is decoded and `+` stays what it is, since versions have it.
 *
 * @throws ServerError `server/bad-request`, `server/invalid-request`
 */
export function parseBootReport(body: Uint8Array): readonly BootReport[] {
  const text = new TextDecoder().decode(body).trim();
  const value = text.startsWith('{') ? parseJson(body) : { packages: parseText(text) };
  return validate(jsonBody, value, 'body').packages.map((one) => ({
    packageId: one.package_id,
    version: one.version,
    imageHash: one.image_hash ?? null,
    appElfSha256: one.elf_sha256 ?? null,
    secureVersion: one.secure_version ?? null,
    sinceBoot: true,
  }));
}

function parseText(text: string): readonly Readonly<Record<string, string>>[] {
  const packages: Record<string, string>[] = [];
  for (const part of text.split(/[&\r\n]+/)) {
    if (part.trim() === '') continue;
    const [, name = '', value = ''] = /^\s*([^=]+?)\s*=(.*)$/.exec(part) ?? [];
    if (name === '') throw unreadable(part);
    const fact = FACTS.get(name);
    const last = packages.at(-1);
    if (fact === undefined) packages.push({ package_id: decode(name), version: decode(value) });
    else if (last === undefined) throw unreadable(part);
    else last[fact] = decode(value).trim();
  }
  return packages;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw unreadable(text);
  }
}

function unreadable(part: string): ServerError {
  return new ServerError('server/bad-request', `cannot read ${JSON.stringify(part.slice(0, 80))}`, {
    hint: 'Send `main=1.1.0` (package and version), or JSON: {"version": "1.1.0"}.',
  });
}

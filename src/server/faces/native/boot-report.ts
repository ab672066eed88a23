import { z } from 'zod';
import type { BootReport } from '../../../fleet/index.ts';
import { ServerError } from '../../codes.ts';
import { parseJson } from '../../http/parse-json.ts';
import { validate } from '../../http/validate.ts';
import type { FaceDescription } from '../face-description.ts';
import {
  bootCount,
  identifier,
  MAIN_PACKAGE,
  sha256Text,
  versionText,
  wholeNumber,
} from '../wire-shapes.ts';

const MOST_PACKAGES = 32;

const bootedPackage = z.object({
  package_id: identifier.default(MAIN_PACKAGE),
  version: versionText,
  /** The SHA-256 that ends the image, as `esp_partition_get_sha256` gives it. */
  image_hash: sha256Text.nullish(),
  /** `esp_app_desc_t.app_elf_sha256`. */
  elf_sha256: sha256Text.nullish(),
  secure_version: wholeNumber(0xffff_ffff).nullish(),
});

const boot = z.object({ boot_count: bootCount.nullish() });
const jsonBody = z.union([
  boot.extend({ packages: z.array(bootedPackage).min(1).max(MOST_PACKAGES) }),
  bootedPackage.extend(boot.shape).transform(({ boot_count, ...one }) => ({
    boot_count,
    packages: [one],
  })),
]);

/** For the OpenAPI document. */
export const BOOT: FaceDescription = {
  id: 'deviceReportBoot',
  summary: 'What the device booted, as JSON or as text such as main=1.1.0',
  credential: 'device',
  body: { 'application/json': jsonBody, 'text/plain': z.string().min(1) },
  answers: { 204: { description: 'Noted.' } },
};

/** Facts of the package that was named before them: no package id begins like this. */
const FACTS: ReadonlyMap<string, string> = new Map([
  ['_image', 'image_hash'],
  ['_elf', 'elf_sha256'],
  ['_secure_version', 'secure_version'],
]);

/** A fact of the whole report. */
const BOOT_COUNT = '_boot_count';

/**
 * What a device says that it booted. JSON, or text that one `snprintf` makes: `main=1.1.0`, with further
 * packages and facts behind `&` or on lines of their own: `main=1.1.0&_elf=<hex>&modem=7`. In text, `%xx`
 * is decoded and `+` stays what it is, since versions have it. `_boot_count=17` (`boot_count` in JSON) is a
 * number that is higher at each boot, for devices that keep one: from then on, older reports are refused.
 *
 * @throws ServerError `server/bad-request`, `server/invalid-request`
 */
export function parseBootReport(body: Uint8Array): readonly BootReport[] {
  const text = new TextDecoder().decode(body).trim();
  const value = text.startsWith('{') ? parseJson(body) : parseText(text);
  const said = validate(jsonBody, value, 'body');
  return said.packages.map((one) => ({
    packageId: one.package_id,
    version: one.version,
    imageHash: one.image_hash ?? null,
    appElfSha256: one.elf_sha256 ?? null,
    secureVersion: one.secure_version ?? null,
    sinceBoot: true,
    bootCount: said.boot_count ?? null,
  }));
}

function parseText(text: string) {
  const packages: Record<string, string>[] = [];
  const whole: { boot_count?: string } = {};
  for (const part of text.split(/[&\r\n]+/)) {
    if (part.trim() === '') continue;
    const [, name = '', value = ''] = /^\s*([^=]+?)\s*=(.*)$/.exec(part) ?? [];
    if (name === '') throw unreadable(part);
    if (name === BOOT_COUNT) {
      whole.boot_count = decode(value).trim();
      continue;
    }
    const fact = FACTS.get(name);
    const last = packages.at(-1);
    if (fact === undefined) packages.push({ package_id: decode(name), version: decode(value) });
    else if (last === undefined) throw unreadable(part);
    else last[fact] = decode(value).trim();
  }
  return { ...whole, packages };
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

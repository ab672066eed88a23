import { isIPv4, isIPv6 } from 'node:net';
import { ServeError } from './codes.ts';

/** What devices hold at least: Tasmota's URL buffer is this long. */
export const LONGEST_URL = 200;
const LONGEST_NAME = 40;

/**
 * The file name in the URL: the image's own, reduced to characters that need no escaping anywhere,
 * always with `.bin`, since some devices look at it.
 */
export function artifactFileName(imageName: string): string {
  const stem = imageName
    .replace(/^.*[\\/]/, '')
    .replace(/\.bin$/i, '')
    .replaceAll(/[^\w.-]+/g, '-')
    .replaceAll(/-{2,}/g, '-')
    .slice(0, LONGEST_NAME)
    .replace(/^[.-]+/, '')
    .replace(/[.-]+$/, '');
  return `${stem === '' ? 'image' : stem}.bin`;
}

/**
 * Checks what is to stand in the URL in place of the LAN address.
 *
 * @returns the host as a URL has it: IPv6 in brackets
 * @throws ServeError `serve/bad-host` for anything but an address or a name, such as `user@host`,
 *   which micro-RDK would look up in the DNS whole
 */
export function checkHost(host: string): string {
  const bare = host.replace(/^\[(.*)\]$/, '$1');
  if (isIPv4(bare)) return bare;
  if (isIPv6(bare)) return `[${bare}]`;
  const isName = host.length <= 253 && /^(?!-)[a-z\d-]{1,63}(?:\.[a-z\d-]{1,63})*$/i.test(host);
  // A name whose last label is a number is a mistyped IPv4 address to every URL parser.
  if (isName && !/(?:^|\.)\d+$/.test(host)) return host.toLowerCase();
  throw new ServeError('serve/bad-host', `${JSON.stringify(host)} is no host name or IP address`, {
    hint: 'Give the bare address, such as 192.168.1.20: no http://, no port, no user name.',
    details: { host },
  });
}

/** @throws ServeError `serve/url-too-long` */
export function downloadUrl(host: string, port: number, path: string): string {
  const url = `http://${host}:${port}${path}`;
  if (url.length <= LONGEST_URL) return url;
  throw new ServeError(
    'serve/url-too-long',
    `the URL would have ${url.length} characters, and devices hold ${LONGEST_URL}`,
    {
      hint: 'Name a shorter host with --host: an IP address always fits.',
      details: { length: url.length, longest: LONGEST_URL },
    },
  );
}

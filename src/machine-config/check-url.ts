import { BlockList, isIP } from 'node:net';
import type { Issue, Severity } from '../shared/index.ts';
import type { MachineConfigCode } from './codes.ts';
import { redactUrl } from './redact.ts';

/** The longest text that the device's URL parser takes. */
const MAX_URL_BYTES = 65_534;

/** How much of a URL beyond that a message shows. */
const MAX_SHOWN = 60;

/** Scheme and authority as the device splits them off, before any other URL library mends them. */
const SHAPE = /^([a-z][a-z0-9+.-]*):\/\/([^/?#]+)([/?#].*)?$/i;

/** What the device's parser takes there; others read backslashes and escapes into it. */
const HOST_AND_PORT = /^(?:\[[0-9a-f:.]+\]|[\w.~-]+)(?::\d*)?$/i;

const LOOPBACK = new BlockList();
LOOPBACK.addSubnet('127.0.0.0', 8);
LOOPBACK.addSubnet('0.0.0.0', 8);
LOOPBACK.addAddress('::1', 'ipv6');
LOOPBACK.addAddress('::', 'ipv6');

const PRIVATE = new BlockList();
PRIVATE.addSubnet('10.0.0.0', 8);
PRIVATE.addSubnet('172.16.0.0', 12);
PRIVATE.addSubnet('192.168.0.0', 16);
PRIVATE.addSubnet('169.254.0.0', 16);
PRIVATE.addSubnet('100.64.0.0', 10);
PRIVATE.addSubnet('fc00::', 7, 'ipv6');
PRIVATE.addSubnet('fe80::', 10, 'ipv6');

/** Names that no public certificate authority vouches for. */
const LOCAL_NAME = /^[^.]+$|\.(?:local|lan|internal|intranet|home|home\.arpa|test)\.?$/i;

/** What a check lets pass. */
export interface UrlCheckOptions {
  /** For a virtual device on this machine, which does reach loopback addresses. */
  readonly allowLoopback?: boolean;
}

/** Everything about a URL that a micro-RDK device could not work with, judged from the text alone. */
export function checkOtaUrl(
  url: string,
  { allowLoopback = false }: UrlCheckOptions = {},
): readonly Issue<MachineConfigCode>[] {
  const shown = redactUrl(url);
  const [, scheme = '', authority = '', rest = ''] = SHAPE.exec(url) ?? [];
  if (url.length > MAX_URL_BYTES) {
    const why = `it has ${url.length} characters, and the device takes ${MAX_URL_BYTES}`;
    return [invalid(why, `${shown.slice(0, MAX_SHOWN)}…`)];
  }
  const strange = /[^!-~]/u.exec(url)?.[0];
  if (strange !== undefined) {
    return [invalid(`it has the character ${JSON.stringify(strange)}`, shown)];
  }
  if (scheme === '') return [invalid('it is not absolute (scheme://host/path)', shown)];
  if (!/^https?$/i.test(scheme)) {
    return [
      issue(
        'url-scheme',
        'error',
        `${shown} is "${scheme}", not http or https`,
        'Serve the image with `otakit serve`, which prints a URL that works.',
      ),
    ];
  }
  const userinfo = authority.includes('@');
  const hostAndPort = authority.slice(authority.lastIndexOf('@') + 1);
  if (!HOST_AND_PORT.test(hostAndPort) || !URL.canParse(`${scheme}://${hostAndPort}${rest}`)) {
    return [invalid('its host or port cannot be read', shown)];
  }
  const host = new URL(`${scheme}://${hostAndPort}`).hostname.replace(/^\[|\]$/g, '');
  const loopback = isLoopback(host);
  const isTls = scheme.toLowerCase() === 'https';
  const found: Issue<MachineConfigCode>[] = [];
  if (userinfo) {
    found.push(
      issue(
        'url-userinfo',
        'error',
        `${shown} has user name or password before the host; the device would look up the whole of it as a name`,
        'Put a token into the query (`?token=…`) instead; `otakit serve` makes such a URL.',
      ),
    );
  }
  if (!isTls && !/:\d+$/.test(hostAndPort)) {
    found.push(
      issue(
        'url-without-port',
        'error',
        `${shown} has no port, and the device dials 443 then, http or not`,
        `Write the port out: http://${hostAndPort.replace(/:$/, '')}:80/…`,
      ),
    );
  }
  if (loopback && !allowLoopback) {
    found.push(
      issue(
        'url-loopback',
        'error',
        `${host} is this machine for you, but the device itself for the device`,
        'Use an address of this machine that the device reaches, such as its LAN address; --allow-loopback is for a virtual device.',
      ),
    );
  }
  if (isTls && !loopback && (isPrivate(host) || isLocalName(host))) {
    found.push(
      issue(
        'url-private-https',
        'error',
        `no certificate that the device trusts exists for ${host}, which is on a private network`,
        `Serve it as http://${isIP(host) === 6 ? `[${host}]` : host}:PORT/… (plain HTTP/2), or under a public name.`,
      ),
    );
  } else if (!loopback && isLocalName(host)) {
    found.push(
      issue(
        'url-local-name',
        'warning',
        `${host} is a name of the local network, which the device may not resolve`,
        'Use the IP address.',
      ),
    );
  }
  if (rest.includes('#')) {
    found.push(
      issue(
        'url-fragment',
        'warning',
        `${shown} has a # part, which the device drops`,
        'Leave it out; write a # inside a path or token as %23.',
      ),
    );
  }
  return found;
}

function isLoopback(host: string): boolean {
  return /^(?:.+\.)?localhost\.?$/i.test(host) || isIn(LOOPBACK, host);
}

function isPrivate(host: string): boolean {
  return isIn(PRIVATE, host);
}

function isLocalName(host: string): boolean {
  return isIP(host) === 0 && LOCAL_NAME.test(host);
}

function isIn(list: BlockList, host: string): boolean {
  const family = isIP(host);
  return family !== 0 && list.check(host, family === 4 ? 'ipv4' : 'ipv6');
}

function invalid(why: string, shown: string): Issue<MachineConfigCode> {
  return issue(
    'url-invalid',
    'error',
    `${shown} is no URL that the device can parse: ${why}`,
    'Give the whole URL, such as http://192.168.1.20:3232/app.bin.',
  );
}

type Name = MachineConfigCode extends `machine-config/${infer Rest}` ? Rest : never;

function issue(
  code: Extract<Name, `url-${string}`>,
  severity: Severity,
  message: string,
  hint: string,
): Issue<MachineConfigCode> {
  return { code: `machine-config/${code}`, severity, message, hint };
}

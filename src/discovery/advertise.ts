import { hostname } from 'node:os';
import type { CiaoService, Responder } from '@homebridge/ciao';
import { type Clock, type Issue, systemClock } from '../shared/index.ts';
import { type DiscoveryCode, DiscoveryError } from './codes.ts';
import { buildDnsQuery, RECORD_TYPE } from './dns-message.ts';
import { type LanInterface, lanInterfaces, openMulticast } from './multicast.ts';
import { typeName } from './record-store.ts';
import { factsToText, type ServerFacts } from './server-facts.ts';
import { OTAKIT_TYPE } from './service-types.ts';

/** What is announced of a server, and under which name. */
export interface AdvertiseOptions {
  /** The port that the server really has. */
  readonly port: number;
  /** The address that the server is bound to: `0.0.0.0` or `::` for all, or one of this machine's. */
  readonly boundAddress: string;
  readonly facts: ServerFacts;
  /** The name to announce, cut at 58 bytes, dots made hyphens; `otakit on <this machine>` by default. */
  readonly name?: string;
  /** Told of a later change of name, when a second server of the same name joins the network. */
  readonly onIssue?: (issue: Issue<DiscoveryCode>) => void;
  readonly clock?: Clock;
}

/** An announcement that lasts until it is disposed of, which takes it back ("goodbye"). */
export interface Advertisement extends AsyncDisposable {
  /** The name as it is announced (after renaming), or `null` where nothing could be. */
  readonly name: string | null;
  /** What did not go as asked: `discovery/renamed`, `loopback-only`, `no-multicast`. */
  readonly issues: readonly Issue<DiscoveryCode>[];
  /** Announces other facts from now on, as after a rebuild. */
  update(facts: ServerFacts): void;
}

/** Probing takes under a second for each name that is taken already. */
const GIVE_UP_MS = 15_000;

/**
 * Announces an OTA server on the LAN by multicast DNS, as `_otakit._tcp` with its facts in TXT. That
 * it cannot be announced is never fatal: the server works without, so it comes back as an issue.
 *
 * @throws DiscoveryError `discovery/fact-too-long` where a fact exceeds a DNS text string
 */
export async function advertise(options: AdvertiseOptions): Promise<Advertisement> {
  const text = factsToText(options.facts);
  const name = serviceName(options.name || `otakit on ${hostname().replace(/\..*$/, '')}`);
  if (isLoopback(options.boundAddress)) return silent(loopbackOnly(options.boundAddress));
  const interfaces = lanInterfaces().filter(
    ({ address }) => isWildcard(options.boundAddress) || address === options.boundAddress,
  );
  try {
    return await announce(name, text, await usableInterfaces(interfaces), options);
  } catch (thrown) {
    if (!(thrown instanceof DiscoveryError)) throw thrown;
    return silent(asIssue(thrown));
  }
}

async function announce(
  name: string,
  text: Readonly<Record<string, string>>,
  interfaces: readonly LanInterface[],
  { port, onIssue, clock = systemClock }: AdvertiseOptions,
): Promise<Advertisement> {
  // Loaded late: it installs a stack-trace hook, which only a server that announces should have.
  const { getResponder } = await import('@homebridge/ciao');
  const responder = getResponder({ interface: interfaces.map((one) => one.name) });
  const service = responder.createService({
    name,
    type: 'otakit',
    port,
    // Its own host name per server: two servers on one machine must not contend for it.
    hostname: hostLabel(`otakit-${hostname().replace(/\..*$/, '')}-${port}`),
    txt: { ...text },
  });
  let announcedName = name;
  const issues: Issue<DiscoveryCode>[] = [];
  let isUp = false;
  service.on('hostname-change', () => {});
  service.on('name-change', (newName) => {
    announcedName = newName;
    const issue = renamed(name, newName);
    issues.push(issue);
    if (isUp) onIssue?.(issue);
  });
  const outcome = await settlesWithin(service.advertise(), GIVE_UP_MS, clock);
  if (outcome !== 'done') {
    await close(service, responder);
    const why = outcome instanceof Error ? outcome.message : `nothing in ${GIVE_UP_MS / 1000} s`;
    throw new DiscoveryError(
      'discovery/no-multicast',
      `the announcement did not get through: ${why}`,
      {
        hint: 'Give devices the address directly.',
        cause: outcome,
      },
    );
  }
  isUp = true;
  return {
    get name() {
      return announcedName;
    },
    issues,
    update: (facts) => service.updateTxt({ ...factsToText(facts) }),
    [Symbol.asyncDispose]: () => close(service, responder),
  };
}

/** Those interfaces that let a question out; the library itself would retry for ever in silence. */
async function usableInterfaces(
  interfaces: readonly LanInterface[],
): Promise<readonly LanInterface[]> {
  const question = buildDnsQuery([{ name: typeName(OTAKIT_TYPE), type: RECORD_TYPE.PTR }]);
  await using multicast = await openMulticast(interfaces, question, () => {});
  return multicast.interfaces;
}

/** `done`, `late`, or the error that the work ended with. */
async function settlesWithin(
  work: Promise<unknown>,
  durationMs: number,
  clock: Clock,
): Promise<'done' | 'late' | Error> {
  const settled = new AbortController();
  const late = clock.sleep(durationMs, settled.signal).then(
    () => 'late' as const,
    () => 'done' as const,
  );
  const done = work.then(
    () => 'done' as const,
    (thrown: unknown) => (thrown instanceof Error ? thrown : new Error(String(thrown))),
  );
  const outcome = await Promise.race([done, late]);
  settled.abort();
  return outcome;
}

async function close(service: CiaoService, responder: Responder): Promise<void> {
  await service.destroy();
  await responder.shutdown();
}

function silent(issue: Issue<DiscoveryCode>): Advertisement {
  return {
    name: null,
    issues: [issue],
    update: (facts) => void factsToText(facts),
    [Symbol.asyncDispose]: async () => {},
  };
}

function loopbackOnly(address: string): Issue<DiscoveryCode> {
  return {
    code: 'discovery/loopback-only',
    severity: 'info',
    message: `the server is bound to ${address}, so it is not announced on the LAN`,
    hint: 'Bind to 0.0.0.0 or to an address on the LAN to have it found.',
  };
}

function renamed(from: string, to: string): Issue<DiscoveryCode> {
  return {
    code: 'discovery/renamed',
    severity: 'warning',
    message: `another server on the LAN is called "${from}", so this one is announced as "${to}"`,
    hint: 'Nothing needs doing, unless the other one should not be running.',
  };
}

function asIssue(error: DiscoveryError): Issue<DiscoveryCode> {
  return {
    code: 'discovery/no-multicast',
    severity: 'warning',
    message: `the server is not announced on the LAN: ${error.message}`,
    hint: error.hint ?? 'Give devices the address directly.',
  };
}

function isWildcard(address: string): boolean {
  return address === '0.0.0.0' || address === '::';
}

function isLoopback(address: string): boolean {
  return address === 'localhost' || address === '::1' || /^(::ffff:)?127\./i.test(address);
}

/** As one DNS label of a host name: letters, digits and hyphens, at most 63. */
function hostLabel(text: string): string {
  return text
    .toLowerCase()
    .replaceAll(/[^a-z0-9-]+/g, '-')
    .slice(0, 63)
    .replaceAll(/^-+|-+$/g, '');
}

/** One DNS label: no dots (the library would split there), and room for the ` (2)` of a renaming. */
function serviceName(text: string): string {
  const bytes = new TextEncoder().encode(text.replaceAll('.', '-')).subarray(0, 58);
  // As a stream, the decoder keeps back a character that was cut in two.
  return new TextDecoder().decode(bytes, { stream: true });
}

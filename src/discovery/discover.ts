import { type Clock, systemClock } from '../shared/index.ts';
import type { ChipName } from '../chips/index.ts';
import { buildDnsQuery, type DnsQuestion, readDnsResponse, RECORD_TYPE } from './dns-message.ts';
import { lanInterfaces, type Multicast, openMulticast } from './multicast.ts';
import { RecordStore, type ResolvedService, typeName } from './record-store.ts';
import { factsFromText, type ServerFacts } from './server-facts.ts';
import {
  BROWSED_TYPES,
  chipFromText,
  type Firmware,
  OTAKIT_TYPE,
  recogniseFirmware,
  versionFromText,
} from './service-types.ts';

/** Where something on the LAN is. All text comes from the network: print it escaped. */
interface Found {
  /** The name that it announced itself under. */
  readonly name: string;
  /** The host name without `.local`, or `null` where it was not told. */
  readonly host: string | null;
  /** IPv4 addresses first. */
  readonly addresses: readonly string[];
}

/** A running `otakit serve`. */
export interface FoundServer extends Found {
  readonly kind: 'server';
  readonly port: number;
  /** What it serves, or `null` where it does not say so in a way that we know. */
  readonly facts: ServerFacts | null;
}

/** An ESP device, with everything it announced under one host name. */
export interface FoundDevice extends Found {
  readonly kind: 'device';
  readonly firmware: Firmware;
  readonly chip: ChipName | null;
  readonly version: string | null;
  readonly services: readonly { readonly type: string; readonly port: number }[];
}

/** Whatever answered: an otakit server or an ESP device, told apart by `kind`. */
export type DiscoveredService = FoundServer | FoundDevice;

/** How long to look, and how to stop earlier. */
export interface DiscoverOptions {
  /** How long to listen, in milliseconds. */
  readonly timeoutMs: number;
  /** Ends the search early; the promise rejects with its reason. */
  readonly signal?: AbortSignal;
  readonly clock?: Clock;
}

/** RFC 6762 §5.2: the first question twice a second apart, then at twice the distance each time. */
const FIRST_INTERVAL_MS = 1000;
/** About as many questions as fit an Ethernet frame. */
const QUESTIONS_PER_PACKET = 20;

/**
 * Asks the LAN by multicast DNS for otakit servers and ESP devices and collects what answers within
 * the time given. Servers come first, then devices, each by name.
 *
 * @throws DiscoveryError `discovery/no-multicast` where no interface takes multicast
 */
export async function discover({
  timeoutMs,
  signal,
  clock = systemClock,
}: DiscoverOptions): Promise<readonly DiscoveredService[]> {
  signal?.throwIfAborted();
  const store = new RecordStore(BROWSED_TYPES);
  const asked = new Set<string>();
  const browse = buildDnsQuery(
    BROWSED_TYPES.map((type) => ({ name: typeName(type), type: RECORD_TYPE.PTR })),
  );
  // Answers may come in before every interface is open.
  let open: Multicast | null = null;
  const askMissing = () => {
    if (open === null) return;
    const questions = store.missing().filter((one) => !asked.has(JSON.stringify(one)));
    for (const one of questions) asked.add(JSON.stringify(one));
    for (const packet of packets(questions)) void open.send(packet);
  };
  await using multicast = await openMulticast(lanInterfaces(), browse, (packet) => {
    const records = readDnsResponse(packet);
    if (records === null) return;
    store.add(records);
    queueMicrotask(askMissing);
  });
  open = multicast;
  askMissing();
  const end = clock.now() + timeoutMs;
  for (let intervalMs = FIRST_INTERVAL_MS; ; intervalMs *= 2) {
    const leftMs = end - clock.now();
    await clock.sleep(Math.max(0, Math.min(intervalMs, leftMs)), signal);
    if (leftMs <= intervalMs) break;
    // Packets get lost on radio: ask again for everything that is still missing.
    asked.clear();
    askMissing();
    await multicast.send(browse);
  }
  return sortFound([...servers(store.services()), ...devices(store.services())]);
}

function packets(questions: readonly DnsQuestion[]): readonly Uint8Array[] {
  return Array.from({ length: Math.ceil(questions.length / QUESTIONS_PER_PACKET) }, (_, index) =>
    buildDnsQuery(
      questions.slice(index * QUESTIONS_PER_PACKET, (index + 1) * QUESTIONS_PER_PACKET),
    ),
  );
}

function servers(services: readonly ResolvedService[]): readonly FoundServer[] {
  return services
    .filter(({ type }) => type === OTAKIT_TYPE)
    .map(({ name, host, port, addresses, text }) => ({
      kind: 'server',
      name,
      host,
      port,
      addresses,
      facts: factsFromText(text),
    }));
}

/** One device per host: a board that announces a web page and an update port is still one board. */
function devices(services: readonly ResolvedService[]): readonly FoundDevice[] {
  const order = ({ type }: ResolvedService) => BROWSED_TYPES.indexOf(type);
  const byHost = Map.groupBy(
    services
      .filter((service) => recogniseFirmware(service) !== null)
      // Whatever answered first: the type that tells most about a device is listed first.
      .toSorted((a, b) => order(a) - order(b)),
    ({ host, name }) => (host ?? name).toLowerCase(),
  );
  return [...byHost.values()].flatMap((group) => {
    // What a firmware calls itself says more than a web page whose host is named like an ESP.
    const firmwares = group.map(recogniseFirmware);
    const main =
      group[
        Math.max(
          0,
          firmwares.findIndex((one) => one !== 'unknown'),
        )
      ];
    if (main === undefined) return [];
    return [
      {
        kind: 'device' as const,
        name: main.name,
        host: main.host,
        addresses: main.addresses,
        firmware: firmwares.find((one) => one !== 'unknown') ?? 'unknown',
        chip: firstOf(group, chipFromText),
        version: firstOf(group, versionFromText),
        services: group.map(({ type, port }) => ({ type, port })),
      },
    ];
  });
}

function firstOf<T>(
  group: readonly ResolvedService[],
  read: (text: ReadonlyMap<string, string>) => T | null,
): T | null {
  return group.map(({ text }) => read(text)).find((one) => one !== null) ?? null;
}

function sortFound(found: readonly DiscoveredService[]): readonly DiscoveredService[] {
  return found.toSorted(
    (a, b) =>
      Number(a.kind === 'device') - Number(b.kind === 'device') || a.name.localeCompare(b.name),
  );
}

import { type DnsName, type DnsQuestion, type DnsRecord, RECORD_TYPE } from './dns-message.ts';
import type { AnnouncedService } from './service-types.ts';

/** A service with where it is, put together from its records. */
export interface ResolvedService extends AnnouncedService {
  /** 0 where no SRV record came. */
  readonly port: number;
  /** IPv4 addresses first. */
  readonly addresses: readonly string[];
}

interface Instance {
  readonly type: string;
  readonly name: DnsName;
  location: { readonly host: DnsName; readonly port: number } | null;
  text: ReadonlyMap<string, string> | null;
}

/** Anybody on the LAN can announce names without end; more than this is no LAN but an attack. */
const MAX_NAMES = 2000;

/** What has been heard so far: the services of some types, and what is still missing of each. */
export class RecordStore {
  readonly #types: ReadonlyMap<string, string>;
  readonly #instances = new Map<string, Instance>();
  readonly #addresses = new Map<string, Set<string>>();

  /** @param types such as `_http._tcp`; services of other types are not kept. */
  constructor(types: readonly string[]) {
    this.#types = new Map(types.map((type) => [nameKey(typeName(type)), type]));
  }

  /** Takes in the records of one packet, in any order. */
  add(records: readonly DnsRecord[]): void {
    for (const record of records) if (record.kind === 'pointer') this.#addPointer(record);
    for (const record of records) this.#addFact(record);
  }

  /** What to ask next: the records that services were announced without. */
  missing(): readonly DnsQuestion[] {
    const questions: DnsQuestion[] = [];
    for (const { name, location, text } of this.#instances.values()) {
      if (location === null) questions.push({ name, type: RECORD_TYPE.SRV });
      if (text === null) questions.push({ name, type: RECORD_TYPE.TXT });
      if (location !== null && !this.#addresses.has(nameKey(location.host))) {
        questions.push({ name: location.host, type: RECORD_TYPE.A });
      }
    }
    return questions;
  }

  /** Everything announced and not taken back, in the order in which it was heard. */
  services(): readonly ResolvedService[] {
    return [...this.#instances.values()].map(({ type, name, location, text }) => ({
      type,
      name: name[0] ?? '',
      host: location === null ? null : withoutLocal(location.host),
      port: location?.port ?? 0,
      addresses: [...(location === null ? [] : (this.#addresses.get(nameKey(location.host)) ?? []))]
        // Some responders add loopback, which would lead a reader to its own machine.
        .filter((address) => !/^(127\.|::1$)/.test(address))
        // IPv6 addresses are the ones with colons.
        .sort((a, b) => Number(a.includes(':')) - Number(b.includes(':'))),
      text: text ?? new Map<string, string>(),
    }));
  }

  #addPointer({ name, target, ttlSeconds }: DnsRecord & { kind: 'pointer' }): void {
    const type = this.#types.get(nameKey(name));
    // An instance is one label in front of its type.
    if (type === undefined || nameKey(target.slice(1)) !== nameKey(name)) return;
    const key = nameKey(target);
    if (ttlSeconds === 0) this.#instances.delete(key);
    else if (!this.#instances.has(key) && this.#instances.size < MAX_NAMES) {
      this.#instances.set(key, { type, name: target, location: null, text: null });
    }
  }

  #addFact(record: DnsRecord): void {
    if (record.ttlSeconds === 0) return;
    const key = nameKey(record.name);
    if (record.kind === 'address') {
      const known = this.#addresses.get(key);
      if (known !== undefined) known.add(record.address);
      else if (this.#addresses.size < MAX_NAMES) {
        this.#addresses.set(key, new Set([record.address]));
      }
      return;
    }
    const instance = this.#instances.get(key);
    if (instance === undefined) return;
    if (record.kind === 'service') instance.location = { host: record.target, port: record.port };
    if (record.kind === 'text') instance.text = readText(record.strings);
  }
}

/** `_http._tcp` as the name that is asked for. */
export function typeName(type: string): DnsName {
  return [...type.split('.'), 'local'];
}

/** DNS compares names without regard to case, label by label. */
function nameKey(name: DnsName): string {
  return JSON.stringify(name.map((label) => label.toLowerCase()));
}

function withoutLocal(host: DnsName): string {
  const labels = host.at(-1)?.toLowerCase() === 'local' ? host.slice(0, -1) : host;
  return labels.join('.');
}

/** Key/value pairs by RFC 6763 §6.4: keys without regard to case, the first of a key counts. */
function readText(strings: readonly Uint8Array[]): ReadonlyMap<string, string> {
  const text = new Map<string, string>();
  for (const string of strings) {
    const pair = new TextDecoder().decode(string);
    const equals = pair.indexOf('=');
    const key = (equals < 0 ? pair : pair.slice(0, equals)).toLowerCase();
    if (key !== '' && !text.has(key)) text.set(key, equals < 0 ? '' : pair.slice(equals + 1));
  }
  return text;
}

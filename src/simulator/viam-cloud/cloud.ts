import { randomUUID } from 'node:crypto';
import {
  type JsonObject,
  type LogEntryMessage,
  loadViamSdk,
  type ViamSdk,
} from '../../machine-config/index.ts';
import { type Clock, systemClock } from '../../shared/index.ts';
import { Access, type ApiKey, type KeyRole, secret } from './access.ts';
import { ViamCloudError } from './codes.ts';
import { type CloudFault, Faults } from './faults.ts';
import { isTagName, revisionAt } from './fragment-revisions.ts';
import { listenRpc, type RpcListener, type TlsKeyPair } from './rpc/listener.ts';
import type { RpcMethods } from './rpc/method.ts';
import { selfSignedCertificate } from './self-signed.ts';
import { appService } from './services/app-service.ts';
import { authService } from './services/auth-service.ts';
import { robotService } from './services/robot-service.ts';
import { type CloudObserver, CloudState, type StoredFragment, type StoredPart } from './state.ts';

/** How a virtual cloud is made. */
export interface VirtualViamCloudOptions extends CloudObserver {
  readonly clock?: Clock;
  /** How long an access token lives; an hour unless said otherwise. */
  readonly tokenLifetimeMs?: number;
}

/** What a new part or fragment is made of; ids, names and secrets are made up where left out. */
export interface NewConfig {
  readonly id?: string;
  readonly name?: string;
  readonly config: JsonObject;
  readonly secret?: string;
}

/** Where a virtual cloud listens. */
export interface CloudAddress {
  /** What to give to the SDK as service host. */
  readonly url: string;
  readonly port: number;
}

const TOKEN_LIFETIME_MS = 3_600_000;
const SOMEBODY = 'somebody else';

/**
 * A stand-in for the Viam app on this machine, for tests and for people without a connection: the
 * methods that updating a machine's config takes, on both sides. The real SDK talks to it unchanged.
 */
export class VirtualViamCloud implements AsyncDisposable {
  readonly #clock: Clock;
  readonly #state: CloudState;
  readonly #access: Access;
  readonly #faults: Faults;
  readonly #sdk: ViamSdk;
  readonly #certificate: TlsKeyPair;
  #listener: RpcListener | null = null;

  private constructor(sdk: ViamSdk, options: VirtualViamCloudOptions) {
    const { clock = systemClock, tokenLifetimeMs = TOKEN_LIFETIME_MS } = options;
    this.#clock = clock;
    this.#sdk = sdk;
    this.#state = new CloudState(clock, options);
    this.#access = new Access(clock, tokenLifetimeMs);
    this.#faults = new Faults(clock, () => this.#editBySomebody());
    this.#certificate = selfSignedCertificate('localhost', clock.now());
  }

  /** Makes a cloud that knows nothing yet. Loads the Viam SDK for its message types. */
  static async create(options: VirtualViamCloudOptions = {}): Promise<VirtualViamCloud> {
    return new VirtualViamCloud(await loadViamSdk(), options);
  }

  /** The certificate that it shows under TLS and gives to devices. */
  get certificate(): string {
    return this.#certificate.cert;
  }

  addPart({
    id = randomUUID(),
    name = 'main',
    config,
    secret: own = secret(),
  }: NewConfig): StoredPart {
    const stored = this.#stored('part', id, name, config);
    const part: StoredPart = {
      ...stored,
      secret: own,
      lastAccessMs: null,
      agent: null,
      mustRestart: false,
      logs: [],
    };
    this.#state.parts.set(id, part);
    return part;
  }

  addFragment({ id = randomUUID(), name = 'fragment', config }: NewConfig): StoredFragment {
    const fragment = { ...this.#stored('fragment', id, name, config), tags: new Map() };
    this.#state.fragments.set(id, fragment);
    return fragment;
  }

  /** Gives a name to what a fragment says now, or at another version; moves one that is there. */
  tagFragment(id: string, tag: string, version?: string): void {
    const fragment = this.#state.fragments.get(id);
    const revision = fragment && revisionAt(fragment, version);
    if (fragment === undefined || revision === undefined || !isTagName(tag)) {
      const what =
        fragment === undefined
          ? `there is no fragment "${id}"`
          : revision === undefined
            ? `fragment "${id}" has no version "${version ?? ''}"`
            : `"${tag}" is no name for a tag of a fragment`;
      throw new ViamCloudError('simulator/fragment-tag', what, {
        hint: 'A tag has up to 60 small letters, digits, - and _, and begins with no digit and no v.',
        details: { fragment: id, tag },
      });
    }
    fragment.tags.set(tag, revision.number);
  }

  addApiKey(role: KeyRole = 'operator', key: Partial<ApiKey> = {}): ApiKey {
    return this.#access.addKey(role, key);
  }

  /** Changes a part's or fragment's config as another person would in the app. */
  edit(id: string, change: (config: JsonObject) => JsonObject): void {
    const stored = this.#state.parts.get(id) ?? this.#state.fragment(id);
    const { name, config } = stored;
    this.#state.write(stored, { name, config: change(config) }, { editedBy: SOMEBODY });
  }

  /** What the device of a part reported, oldest first. */
  logs(partId: string): readonly LogEntryMessage[] {
    return this.#state.part(partId).logs;
  }

  /** Takes a line into a part's log as if its device had sent it. */
  log(partId: string, level: string, message: string): void {
    const ms = this.#clock.now();
    const time = { seconds: BigInt(Math.floor(ms / 1000)), nanos: (ms % 1000) * 1_000_000 };
    const entry = new this.#sdk.commonApi.LogEntry({ host: partId, level, message, time });
    this.#state.log(this.#state.part(partId), [entry]);
  }

  /** Lets something go wrong from now on. */
  inject(fault: CloudFault): void {
    this.#faults.inject(fault);
  }

  /** Everything works again. */
  clearFaults(): void {
    this.#faults.clear();
  }

  /** Makes every token invalid that was given out so far. */
  expireTokens(): void {
    this.#access.expireTokens();
  }

  /** Starts to listen: plain (gRPC-Web, h2c) unless `tls`, then with its own certificate. */
  async listen({
    port = 0,
    bind = '127.0.0.1',
    tls = false,
  }: {
    readonly port?: number;
    readonly bind?: string;
    readonly tls?: boolean;
  } = {}): Promise<CloudAddress> {
    this.#listener = await listenRpc(this.#methods(), {
      port,
      bind,
      ...(tls ? { tls: this.#certificate } : {}),
    });
    const host = bind.includes(':') ? `[${bind}]` : bind;
    const url = `${tls ? 'https' : 'http'}://${host}:${this.#listener.port}`;
    return { url, port: this.#listener.port };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#listener?.[Symbol.asyncDispose]();
  }

  #methods(): RpcMethods {
    const parts = {
      sdk: this.#sdk,
      state: this.#state,
      access: this.#access,
      faults: this.#faults,
    };
    const device = { now: () => this.#clock.now(), certificate: this.#certificate };
    return new Map([...authService(parts), ...appService(parts), ...robotService(parts, device)]);
  }

  #stored<Kind extends 'part' | 'fragment'>(
    kind: Kind,
    id: string,
    name: string,
    config: JsonObject,
  ) {
    const now = this.#clock.now();
    return { kind, id, name, config, createdAtMs: now, updatedAtMs: now, history: [] };
  }

  #editBySomebody(): void {
    for (const id of [...this.#state.parts.keys(), ...this.#state.fragments.keys()]) {
      this.edit(id, (config) => {
        const notes = typeof config['notes'] === 'string' ? config['notes'] : '';
        return { ...config, notes: `${notes}edited by ${SOMEBODY}; ` };
      });
    }
  }
}

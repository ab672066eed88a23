import type { Clock } from '../../shared/index.ts';
import type { AgentInfo, JsonObject, LogEntryMessage } from '../../machine-config/index.ts';
import { revisionAt } from './fragment-revisions.ts';
import { RpcStatus, STATUS } from './rpc/status.ts';

/** A version of a config that was replaced. */
export interface PastVersion {
  /** When it was replaced. */
  readonly atMs: number;
  readonly editedBy: string;
  readonly name: string;
  readonly config: JsonObject;
  /** When it had been written itself. */
  readonly updatedAtMs: number;
}

/** A config that the cloud keeps: that of a part, or a fragment. */
export interface StoredConfig {
  readonly kind: 'part' | 'fragment';
  readonly id: string;
  readonly createdAtMs: number;
  name: string;
  config: JsonObject;
  /** Rises with every write; what `last_known_update` is compared with. */
  updatedAtMs: number;
  /** Oldest first. */
  readonly history: PastVersion[];
}

/** A part of a machine. */
export interface StoredPart extends StoredConfig {
  readonly kind: 'part';
  /** What its device authenticates with. */
  readonly secret: string;
  lastAccessMs: number | null;
  /** What its device said of itself when it booted; `null` before it did. */
  agent: AgentInfo | null;
  /** Whether somebody wants its device restarted, until that has heard of it. */
  mustRestart: boolean;
  /** Oldest first. */
  readonly logs: LogEntryMessage[];
}

/** A fragment that parts are built on. */
export interface StoredFragment extends StoredConfig {
  readonly kind: 'fragment';
  /** Names for revisions, which are counted from 1. */
  readonly tags: Map<string, number>;
}

/** How many log entries are kept for each part. */
const MOST_LOGS = 10_000;

/** Who is told of what happens in the cloud. */
export interface CloudObserver {
  /** After every write of a config, by whoever. */
  readonly onWrite?: ((written: StoredConfig) => void) | undefined;
  /** When a device has booted and asks for its config. */
  readonly onDevice?: ((part: StoredPart, agent: AgentInfo) => void) | undefined;
  /** For every line that a device reports. */
  readonly onLog?: ((part: StoredPart, entry: LogEntryMessage) => void) | undefined;
}

/** All that the virtual cloud knows. */
export class CloudState {
  readonly parts = new Map<string, StoredPart>();
  readonly fragments = new Map<string, StoredFragment>();
  readonly #clock: Clock;
  readonly #onWrite: (written: StoredConfig) => void;
  readonly #onDevice: (part: StoredPart, agent: AgentInfo) => void;
  readonly #onLog: (part: StoredPart, entry: LogEntryMessage) => void;
  readonly #logWaiters = new Set<() => void>();

  constructor(
    clock: Clock,
    { onWrite = () => {}, onDevice = () => {}, onLog = () => {} }: CloudObserver,
  ) {
    this.#clock = clock;
    this.#onWrite = onWrite;
    this.#onDevice = onDevice;
    this.#onLog = onLog;
  }

  part(id: string): StoredPart {
    const part = this.parts.get(id);
    if (part === undefined) throw new RpcStatus(STATUS.notFound, `there is no part "${id}"`);
    return part;
  }

  fragment(id: string): StoredFragment {
    const fragment = this.fragments.get(id);
    if (fragment === undefined)
      throw new RpcStatus(STATUS.notFound, `there is no fragment "${id}"`);
    return fragment;
  }

  /** What a use of a fragment brings; `undefined` where there is no such fragment or version. */
  fragmentContent(id: string, version?: string): JsonObject | undefined {
    const fragment = this.fragments.get(id);
    return fragment && revisionAt(fragment, version)?.config;
  }

  /** Replaces a config, unless it was written after `lastKnownUpdateMs`. */
  write(
    stored: StoredConfig,
    { name, config }: { readonly name: string; readonly config: JsonObject },
    { editedBy, lastKnownUpdateMs }: { editedBy: string; lastKnownUpdateMs?: number | undefined },
  ): void {
    if (lastKnownUpdateMs !== undefined && lastKnownUpdateMs !== stored.updatedAtMs) {
      throw new RpcStatus(
        STATUS.aborted,
        `the ${stored.kind} was updated after the last known update`,
      );
    }
    const atMs = this.#clock.now();
    const { name: oldName, config: oldConfig, updatedAtMs } = stored;
    stored.history.push({ atMs, editedBy, name: oldName, config: oldConfig, updatedAtMs });
    Object.assign(stored, { name, config, updatedAtMs: Math.max(atMs, updatedAtMs + 1) });
    this.#onWrite(stored);
  }

  /** Takes in what a device says of itself. */
  meet(part: StoredPart, agent: AgentInfo): void {
    part.agent = agent;
    this.#onDevice(part, agent);
  }

  /** Takes log entries in, and wakes up those who follow. */
  log(part: StoredPart, entries: readonly LogEntryMessage[]): void {
    part.logs.push(...entries);
    for (const entry of entries) this.#onLog(part, entry);
    part.logs.splice(0, Math.max(0, part.logs.length - MOST_LOGS));
    for (const wake of this.#logWaiters) wake();
    this.#logWaiters.clear();
  }

  /** Resolves with the next log entry of any part, or when the signal is aborted. */
  nextLog(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      this.#logWaiters.add(resolve);
      signal.addEventListener('abort', () => resolve(), { once: true });
    });
  }
}

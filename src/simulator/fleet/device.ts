import type { Clock } from '../../shared/index.ts';
import {
  type AbState,
  boot,
  confirm,
  previousImage,
  selectPrevious,
  writeOther,
} from './ab-slots.ts';
import { type FleetBehaviour, fateOf, habitsOf, type UpdateFate } from './behaviour.ts';
import { draw } from './chance.ts';
import type { BootNews, DeviceClient } from './device-client.ts';
import type { VirtualDeviceEvent, VirtualDeviceState } from './device-events.ts';
import type { DeviceMemory } from './device-memory.ts';
import { Refused, Unreachable, UpdateGivenUp } from './failure.ts';
import { receive } from './receive.ts';
import type { SignedFor, TrustedKey } from './signed-manifest.ts';
import type { DeviceCommand, Offer, StatusReport } from './wire.ts';

/** The package whose image the device boots. */
const MAIN = 'main';

/** The board that a virtual device is. */
export interface Board extends SignedFor {
  /** The number in image headers; `null` takes any. */
  readonly chipId: number | null;
  readonly slotBytes: number;
  /** When given, nothing is installed without a signature by one of these keys. */
  readonly trustedKeys: readonly TrustedKey[] | null;
  readonly installMs: number;
  readonly rebootMs: number;
}

/** What a virtual device is made of. */
export interface FleetDeviceParts {
  readonly memory: DeviceMemory;
  readonly client: DeviceClient;
  readonly board: Board;
  readonly behaviour: FleetBehaviour;
  readonly clock: Clock;
  /** How many times faster than the server's time the clock goes. */
  readonly speed: number;
  readonly onEvent: (event: VirtualDeviceEvent) => void;
  /** Called with what must survive a power cut. */
  readonly onMemory: (memory: DeviceMemory) => void;
  /** Takes a place among those who may wait for commands; `null` where all are taken. */
  readonly takeListeningPlace: () => Disposable | null;
}

const FIRST_RETRY_MS = 5000;
const LONGEST_RETRY_MS = 300_000;
const DEFAULT_POLL_MS = 60_000;
const LONGEST_LISTEN_SECONDS = 55;

/**
 * A device in the field that speaks the native protocol: it boots, reports what it booted, asks, takes
 * updates into its other slot, and waits. It never takes the server's word for anything that it can
 * check itself.
 */
export class FleetDevice {
  readonly #parts: FleetDeviceParts;
  readonly #id: string;
  #memory: DeviceMemory;
  #state: VirtualDeviceState = 'off';
  #bootReported = false;
  /** What a boot that fell back still has to tell the server. */
  #fallback: StatusReport | null = null;
  #installing: { readonly offer: Offer; readonly fate: UpdateFate } | null = null;
  #failures = 0;

  constructor(parts: FleetDeviceParts) {
    this.#parts = parts;
    this.#memory = parts.memory;
    this.#id = parts.memory.deviceId;
  }

  get state(): VirtualDeviceState {
    return this.#state;
  }

  /** What runs now. */
  get version(): string {
    const { slots, selected } = this.#memory.main;
    return slots[selected]?.version ?? '';
  }

  /** Lives until the signal ends it; rejects with its reason. */
  async run(signal: AbortSignal): Promise<never> {
    this.#boot();
    for (;;) {
      const waitMs = await this.turn(signal);
      await this.#wait(waitMs, signal);
    }
  }

  /** One contact: reports, asks, updates. Answers with how long to wait until the next. */
  async turn(signal: AbortSignal): Promise<number> {
    if (this.#state === 'off') this.#boot();
    try {
      await this.#reportBoot(signal);
      this.#enter('checking');
      const { client } = this.#parts;
      const { offers, sequence, pollAfterMs } = await client.check(signal);
      const installed = offers !== null && (await this.#take(offers, sequence, signal));
      if (installed) {
        await this.#reboot(signal);
        await this.#reportBoot(signal);
      }
      this.#failures = 0;
      this.#enter('idle');
      return pollAfterMs ?? DEFAULT_POLL_MS;
    } catch (error) {
      signal.throwIfAborted();
      return this.#retryAfter(error);
    }
  }

  #retryAfter(error: unknown): number {
    this.#failures += 1;
    const delayMs = Math.min(FIRST_RETRY_MS * 2 ** (this.#failures - 1), LONGEST_RETRY_MS);
    if (error instanceof Refused) {
      this.#event({ kind: 'trouble', message: error.message });
      const isKnown = error.status !== 401 && error.status !== 403;
      this.#enter(isKnown ? 'idle' : 'refused');
      return Math.max(error.retryAfterMs ?? 0, isKnown ? delayMs : LONGEST_RETRY_MS);
    }
    if (!(error instanceof Unreachable)) throw error;
    this.#event({ kind: 'trouble', message: error.message });
    this.#enter('idle');
    return delayMs;
  }

  /** Until it is time to ask again, there is news, or a command was carried out. */
  async #wait(waitMs: number, signal: AbortSignal): Promise<void> {
    const { behaviour, clock, takeListeningPlace } = this.#parts;
    const { sleepMs, listens } = habitsOf(behaviour, this.#id);
    if (this.#state === 'refused' || this.#failures > 0) return clock.sleep(waitMs, signal);
    if (sleepMs !== null) {
      if (await this.#obey(0, signal)) return undefined;
      this.#enter('sleeping');
      return clock.sleep(Math.max(waitMs, sleepMs), signal);
    }
    using place = listens ? takeListeningPlace() : null;
    if (place !== null) return this.#listenUntil(clock.now() + waitMs, signal);
    if (await this.#obey(0, signal)) return undefined;
    return clock.sleep(waitMs, signal);
  }

  /** Waits for commands and news; the server answers at the latest when the time is over. */
  async #listenUntil(endMs: number, signal: AbortSignal): Promise<void> {
    const { clock, speed } = this.#parts;
    for (;;) {
      const leftMs = endMs - clock.now();
      if (leftMs <= 0) return;
      const seconds = Math.ceil(leftMs / 1000 / speed);
      if (await this.#obey(Math.min(seconds, LONGEST_LISTEN_SECONDS), signal)) return;
    }
  }

  /** Fetches what commands there are and carries them out; whether to ask for an update now. */
  async #obey(waitSeconds: number, signal: AbortSignal): Promise<boolean> {
    try {
      const { commands, news } = await this.#parts.client.commands(waitSeconds, signal);
      let checks = news;
      for (const command of commands) checks = (await this.#carryOut(command, signal)) || checks;
      return checks;
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof Refused) && !(error instanceof Unreachable)) throw error;
      this.#event({ kind: 'trouble', message: error.message });
      const demandedMs = error instanceof Refused ? (error.retryAfterMs ?? 0) : 0;
      if (waitSeconds > 0) {
        await this.#parts.clock.sleep(Math.max(demandedMs, FIRST_RETRY_MS), signal);
      }
      return false;
    }
  }

  async #carryOut({ command_id, name }: DeviceCommand, signal: AbortSignal): Promise<boolean> {
    const acknowledge = (status: 'succeeded' | 'failed', result?: unknown) => {
      this.#event({ kind: 'command', name, done: status === 'succeeded' });
      return this.#parts.client.acknowledge(command_id, { status, result }, signal);
    };
    switch (name) {
      case 'ota_start':
        await acknowledge('succeeded');
        return true;
      case 'reboot':
        await acknowledge('succeeded');
        await this.#reboot(signal);
        return true;
      case 'ota_rollback': {
        const previous = previousImage(this.#memory.main);
        if (previous === null || previous.secureVersion < this.#memory.secureVersion) {
          await acknowledge('failed', { error: 'the other slot has no image that may boot' });
          return false;
        }
        await acknowledge('succeeded', { version: previous.version });
        this.#keep({ main: selectPrevious(this.#memory.main) });
        await this.#reboot(signal);
        return true;
      }
      default:
        await acknowledge('failed', { error: `unknown command "${name}"` });
        return false;
    }
  }

  /** Takes all that is offered; whether something was installed, so that a reboot is due. */
  async #take(offers: readonly Offer[], sequence: number, signal: AbortSignal): Promise<boolean> {
    let installed = false;
    // What boots comes last: it must not be there without what it needs.
    for (const offer of [...offers].sort((a, b) => rank(a) - rank(b))) {
      this.#event({ kind: 'offered', packageId: offer.package_id, version: offer.version });
      try {
        await this.#update(offer, sequence, signal);
        installed = true;
      } catch (error) {
        if (!(error instanceof UpdateGivenUp)) throw error;
        this.#event({ kind: 'failed', version: offer.version, reason: error.message });
        await this.#report(offer, 'failed', signal, { error: error.message });
      }
    }
    return installed;
  }

  async #update(offer: Offer, sequence: number, signal: AbortSignal): Promise<void> {
    const { behaviour, board, client, clock } = this.#parts;
    const { package_id, version, size_bytes } = offer;
    const fate = fateOf(behaviour, this.#id, package_id, version);
    const isMain = package_id === MAIN;
    const names = [behaviour.seed, this.#id, package_id, version];
    const isCut = draw(...names, 'drop') < behaviour.dropShare;
    this.#enter('downloading');
    await this.#report(offer, 'downloading', signal, { progress: 0 });
    const image = await receive(offer, {
      client,
      clock,
      signal,
      board,
      sequence,
      secureVersion: this.#memory.secureVersion,
      fetches: habitsOf(behaviour, this.#id).fetches,
      cutAtBytes: isCut ? Math.ceil(draw(...names, 'cut') * size_bytes) : null,
      isDamaged: fate.kind === 'damaged',
      onResumed: (fromByte) => this.#event({ kind: 'resumed', fromByte, totalBytes: size_bytes }),
      onVerifying: async () => {
        this.#enter('verifying');
        await this.#report(offer, 'verifying', signal, { progress: 100 });
      },
    });
    this.#enter('installing');
    await this.#report(offer, 'installing', signal);
    await clock.sleep(board.installMs, signal);
    if (fate.kind === 'not-written') throw new UpdateGivenUp('flash write failed at 0x0000');
    if (isMain) {
      this.#installing = { offer, fate };
      this.#keep({ main: writeOther(this.#memory.main, image) });
    } else {
      this.#keep({ others: { ...this.#memory.others, [package_id]: version } });
    }
    await this.#report(offer, 'rebooting', signal);
  }

  async #reboot(signal: AbortSignal): Promise<void> {
    this.#enter('rebooting');
    await this.#parts.clock.sleep(this.#parts.board.rebootMs, signal);
    this.#boot();
  }

  #boot(): void {
    const installing = this.#installing;
    this.#installing = null;
    const fate: UpdateFate = installing?.fate ?? { kind: 'fine' };
    const { state, runs, fellBack } = boot(this.#memory.main, fate.kind === 'boots-old');
    this.#keep({ main: state, bootCount: this.#memory.bootCount + 1 });
    this.#bootReported = false;
    const updated = installing !== null && !fellBack;
    this.#event({ kind: 'booted', version: runs.version, updated });
    if (!fellBack) return this.#enter('idle');
    this.#enter('rolled-back');
    const reason = fate.kind === 'boots-old' ? fate.reason : 'it was not confirmed before a reset';
    const { rollout_id = null, version = '' } = installing?.offer ?? {};
    this.#event({ kind: 'rolled-back', version, reason });
    this.#fallback = {
      rollout_id,
      package_id: MAIN,
      status: 'rolled_back',
      version,
      error: reason,
    };
  }

  /** Says what it booted; the first time that this works, the new image counts as good. */
  async #reportBoot(signal: AbortSignal): Promise<void> {
    const { client } = this.#parts;
    if (!this.#bootReported) {
      const { slots, selected } = this.#memory.main;
      const image = slots[selected];
      const packages = new Map<string, { version: string; elfSha256: string | null }>();
      if (image !== null) packages.set(MAIN, image);
      for (const [packageId, version] of Object.entries(this.#memory.others)) {
        packages.set(packageId, { version, elfSha256: null });
      }
      const secureVersion = Math.max(this.#memory.secureVersion, image?.secureVersion ?? 0);
      await this.#sayBoot({ packages, secureVersion }, signal);
      this.#bootReported = true;
      this.#keep({ main: confirm(this.#memory.main), secureVersion });
    }
    if (this.#fallback !== null) {
      const boot_count = this.#memory.bootCount;
      await client.report({ ...this.#fallback, boot_count }, signal);
      this.#fallback = null;
    }
  }

  /** A counter that was lost goes on from what the server has of it. */
  async #sayBoot(
    news: Pick<BootNews, 'packages' | 'secureVersion'>,
    signal: AbortSignal,
  ): Promise<void> {
    const say = () => {
      const { bootCount } = this.#memory;
      return this.#parts.client.booted({ ...news, bootCount }, signal);
    };
    try {
      await say();
    } catch (error) {
      if (!(error instanceof Refused) || error.lastBootCount === null) throw error;
      this.#keep({ bootCount: error.lastBootCount + 1 });
      await say();
    }
  }

  /** A report that does not get through is lost, as on a device; what counts is said after a boot. */
  async #report(
    { rollout_id, package_id, version }: Offer,
    status: StatusReport['status'],
    signal: AbortSignal,
    more: Pick<StatusReport, 'error' | 'progress'> = {},
  ): Promise<void> {
    try {
      const boot_count = this.#memory.bootCount;
      const report = { rollout_id, package_id, status, version, boot_count, ...more };
      await this.#parts.client.report(report, signal);
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof Refused) && !(error instanceof Unreachable)) throw error;
      this.#event({ kind: 'trouble', message: `${status} was not reported: ${error.message}` });
    }
  }

  #keep(changes: {
    main?: AbState;
    others?: Readonly<Record<string, string>>;
    secureVersion?: number;
    bootCount?: number;
  }): void {
    this.#memory = { ...this.#memory, ...changes };
    this.#parts.onMemory(this.#memory);
  }

  #enter(state: VirtualDeviceState): void {
    if (this.#state === state) return;
    this.#state = state;
    this.#event({ kind: 'state', state });
  }

  #event(event: OmitDevice<VirtualDeviceEvent>): void {
    this.#parts.onEvent({ deviceId: this.#id, ...event });
  }
}

/** Omit, for each member of a union by itself. */
type OmitDevice<Event> = Event extends unknown ? Omit<Event, 'deviceId'> : never;

function rank({ package_id }: Offer): number {
  return package_id === MAIN ? 1 : 0;
}

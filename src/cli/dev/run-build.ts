import {
  type DeviceStep,
  earlierFellBack,
  type MarkedLog,
  redactText,
  refusalOf,
  uniqueTag,
} from '../../machine-config/index.ts';
import type { OtaServer, ServeEvent } from '../../serve/index.ts';
import type { Clock, Issue } from '../../shared/index.ts';
import { applyChange, type ChangeOptions } from '../config/apply-change.ts';
import type { OpenTarget } from '../config/open-target.ts';
import type { CliContext } from '../context.ts';
import { asOtakitError } from '../render-error.ts';
import type { Announcer } from '../serve/announce.ts';
import type { LoadedImage } from '../serve/load-image.ts';
import { EXIT } from '../exit-codes.ts';
import { describeEvent } from '../serve/describe-event.ts';
import { describeVerdict, VERDICT_EXIT } from '../follow/describe-device.ts';
import type { DevEvent, StepTimes } from './events.ts';
import type { Evidence } from '../follow/evidence.ts';
import type { Undoing } from './restore.ts';

/** What all builds of one run have in common. */
export interface DevSession {
  readonly server: OtaServer;
  readonly announcer: Announcer;
  readonly targets: readonly OpenTarget[];
  readonly evidence: readonly Evidence[];
  readonly change: ChangeOptions;
  readonly silenceMs: number;
  /** A text that only the new build logs. */
  readonly expect?: string;
  /** What the tags begin with, instead of the version of the image. */
  readonly tag?: string;
  readonly clock: Clock;
  readonly context: Pick<CliContext, 'env' | 'signal'>;
  readonly undoing: Undoing;
  /** Whether to give up at the first failure. */
  readonly once: boolean;
  readonly emit: (event: DevEvent) => void;
  /** Shows a warning, each only once. */
  readonly warn: (issue: Issue) => void;
}

interface Failure {
  readonly code: string | null;
  readonly message: string;
  readonly hint?: string | null | undefined;
  readonly device?: string;
}

/** What may be over the next time. */
const PASSING: ReadonlySet<string> = new Set([
  'machine-config/cloud-unreachable',
  'machine-config/conflict',
]);
const RETRY_MS = 5000;
/** When a device asks for its config again. */
const DEVICE_RETRY_MS = 10_000;

/** A build that passed the check. */
export interface CheckedBuild {
  readonly number: number;
  readonly fileName: string;
  readonly loaded: LoadedImage;
  /** When the file was finished, as far as is known. */
  readonly finishedMs: number;
  readonly noticeMs: number;
  readonly checkMs: number;
}

interface NamedLog {
  readonly name: string;
  readonly log: MarkedLog;
}

/** How a build ended, for `--once`. */
export interface BuildEnd {
  readonly exitCode: number;
}

const DONE: BuildEnd = { exitCode: EXIT.done };

/** Publishes a build, pushes it, and follows the devices to the end. */
export class BuildRun {
  readonly #build: CheckedBuild;
  readonly #session: DevSession;
  readonly #superseded = new AbortController();
  readonly #pushed = Promise.withResolvers<void>();
  readonly #downloaded = Promise.withResolvers<void>();
  #tag = '';
  #url = '';
  #pushedMs = 0;
  #requestedMs: number | null = null;
  #downloadedMs: number | null = null;
  /** The devices that have every byte. */
  readonly #holders = new Set<string>();
  /** The configs that have the present tag: written once more, their devices would boot once more. */
  readonly #written = new Set<OpenTarget>();
  #isAgain = false;
  #publishMs = 0;
  #pushMs = 0;

  constructor(build: CheckedBuild, session: DevSession) {
    this.#build = build;
    this.#session = session;
  }

  /** Settles when the configs are written, or cannot be: then the next build may write them. */
  get pushed(): Promise<void> {
    return this.#pushed.promise;
  }

  /** A newer build takes over: this one is followed no longer. */
  supersede(): void {
    this.#superseded.abort();
  }

  /** Goes through all steps. Rejects only when the whole command is interrupted. */
  async run(): Promise<BuildEnd> {
    const { context } = this.#session;
    const signal = AbortSignal.any([context.signal, this.#superseded.signal]);
    try {
      this.#publish(null);
      const marks = await this.#pushPatiently(signal);
      this.#pushed.resolve();
      if (marks.length === 0) return await this.#untilDownloaded(signal);
      const ends = await Promise.all(marks.map(({ name, log }) => this.#follow(name, log, signal)));
      return ends.find(({ exitCode }) => exitCode !== EXIT.done) ?? DONE;
    } catch (thrown) {
      context.signal.throwIfAborted();
      if (this.#superseded.signal.aborted) {
        this.#session.emit({ event: 'superseded', build: this.#build.number, tag: this.#tag });
        return DONE;
      }
      const error = asOtakitError(thrown);
      this.#failed('push', error);
      return { exitCode: EXIT[error.kind] };
    } finally {
      this.#pushed.resolve();
    }
  }

  /** Takes an event of the server that may be about this build. */
  serve(event: ServeEvent): void {
    if (!('tag' in event) || event.tag !== this.#tag || event.event === 'listening') return;
    const { clock, emit } = this.#session;
    const { number: build } = this.#build;
    if (event.event === 'request') this.#requestedMs ??= clock.now();
    if (event.event === 'aborted' && event.reason !== 'shut-down') {
      const message = describeEvent(event).text;
      this.#failed('device', { code: null, message, device: event.device }, DEVICE_RETRY_MS);
    }
    if (event.event === 'progress' && !this.#holders.has(event.device)) {
      const { id: _id, ...progress } = event;
      emit({ ...progress, build });
    }
    if (event.event !== 'complete') return;
    const { tag, device, durationMs } = event;
    // Said once: a device that does not take the image asks for it again every ten seconds.
    if (this.#holders.has(device)) return this.#noteAgain(device);
    this.#holders.add(device);
    this.#downloadedMs ??= clock.now();
    emit({ event: 'downloaded', build, tag, device, durationMs });
    this.#downloaded.resolve();
  }

  /** Where there is a log, that says why. */
  #noteAgain(device: string): void {
    const { evidence, warn } = this.#session;
    if (this.#isAgain || evidence.length > 0) return;
    this.#isAgain = true;
    warn({
      code: 'cli/downloads-again',
      severity: 'warning',
      message: `${device} downloads the build again, so it may not have taken it`,
      hint: 'Its log says why: give --part, --monitor PORT or --log FILE.',
    });
  }

  /** Makes a tag that is not the present one, and publishes the build under it. */
  #publish(present: string | null): void {
    const { server, announcer, emit, clock, tag: wanted } = this.#session;
    const { loaded, fileName, number } = this.#build;
    const { image, bytes, sha256 } = loaded;
    const startMs = clock.now();
    const version = wanted ?? image.appDescriptor?.version ?? null;
    const tag = uniqueTag({ version, time: startMs, hash: sha256, present });
    this.#tag = tag;
    this.#written.clear();
    const offer = server.publish({ bytes, fileName, tag, imageHash: image.hash.stored });
    announcer.offer(image, offer);
    const { url } = offer;
    this.#url = url;
    this.#publishMs = clock.now() - startMs;
    const durationMs = this.#publishMs;
    emit({ event: 'published', build: number, tag, url, sha256, durationMs });
  }

  /**
   * A cloud that cannot be reached for a moment should not cost a build. Answers with the logs, from
   * where they were right before the tag was pushed to the first config.
   */
  async #pushPatiently(signal: AbortSignal): Promise<readonly NamedLog[]> {
    const { evidence, context } = this.#session;
    let marks: readonly NamedLog[] | null = null;
    for (;;) {
      try {
        marks ??= await Promise.all(
          evidence.map(async (one) => ({ name: one.name, log: await one.mark(context.signal) })),
        );
        await this.#push();
        return marks;
      } catch (thrown) {
        const error = asOtakitError(thrown);
        // Another `dev` pushed the same build in the same second.
        if (error.code === 'machine-config/tag-unchanged') {
          this.#publish(this.#tag);
          marks = null;
          continue;
        }
        if (!PASSING.has(error.code) || this.#session.once) throw thrown;
        this.#failed('push', error, RETRY_MS);
        await this.#session.clock.sleep(RETRY_MS, signal);
      }
    }
  }

  async #push(): Promise<void> {
    const { targets, change, context, undoing, emit, warn, clock, server } = this.#session;
    const startMs = clock.now();
    const settings = { url: server.url() ?? '', version: this.#tag };
    const left = targets.filter((one) => !this.#written.has(one));
    // All of them, also after a failure: two writes of one config must never be under way at once.
    const ends = await Promise.allSettled(
      left.map(async (one) => {
        const onUndo = undoing.begin(one.target);
        const made = await applyChange(one.target, () => settings, { ...change, onUndo }, context);
        if (made.edit === null) throw refusalOf(made.issues);
        this.#written.add(one);
        for (const issue of made.issues) warn(issue);
      }),
    );
    for (const end of ends) if (end.status === 'rejected') throw end.reason;
    this.#pushedMs = clock.now();
    this.#pushMs = this.#pushedMs - startMs;
    emit({
      event: 'pushed',
      build: this.#build.number,
      tag: this.#tag,
      targets: targets.map(({ target }) => target.id),
      durationMs: this.#pushMs,
    });
  }

  /** Without a log the last that shows is the download. */
  async #untilDownloaded(signal: AbortSignal): Promise<BuildEnd> {
    const aborted = Promise.withResolvers<never>();
    const onAbort = () => aborted.reject(signal.reason as Error);
    signal.addEventListener('abort', onAbort, { once: true });
    if (signal.aborted) onAbort();
    try {
      await Promise.race([this.#downloaded.promise, aborted.promise]);
      return DONE;
    } finally {
      signal.removeEventListener('abort', onAbort);
    }
  }

  async #follow(source: string, log: MarkedLog, signal: AbortSignal): Promise<BuildEnd> {
    const { clock, silenceMs, expect, emit, warn } = this.#session;
    const { number: build, finishedMs } = this.#build;
    const tag = this.#tag;
    const onStep = (step: DeviceStep) => {
      if (step.kind === 'rebooting') emit({ event: 'rebooted', build, tag, source });
      if (step.kind === 'earlier-fell-back') warn(earlierFellBack(step.flashOffset));
    };
    const verdict = await log.follow(tag, {
      clock,
      silenceMs,
      signal,
      url: this.#url,
      ...(expect === undefined ? {} : { expect }),
      onStep,
    });
    if (verdict.outcome === 'updated' || verdict.outcome === 'rebooted') {
      const proven = verdict.outcome === 'updated';
      const flashOffset = proven ? verdict.flashOffset : null;
      const times = this.#times();
      const totalMs = clock.now() - finishedMs;
      emit({ event: 'running', build, tag, source, proven, flashOffset, times, totalMs });
      return DONE;
    }
    const message = redactText(describeVerdict(verdict));
    this.#failed('device', { code: null, message });
    return { exitCode: VERDICT_EXIT[verdict.outcome] };
  }

  #times(): StepTimes {
    const requested = this.#requestedMs;
    const downloaded = this.#downloadedMs;
    return {
      noticeMs: this.#build.noticeMs,
      checkMs: this.#build.checkMs,
      publishMs: this.#publishMs,
      pushMs: this.#pushMs,
      waitMs: requested === null ? null : requested - this.#pushedMs,
      downloadMs: requested === null || downloaded === null ? null : downloaded - requested,
      rebootMs: downloaded === null ? null : this.#session.clock.now() - downloaded,
    };
  }

  #failed(
    step: 'push' | 'device',
    { code, message, hint = null, device }: Failure,
    retryMs?: number,
  ): void {
    const { number: build } = this.#build;
    this.#session.emit({
      event: 'failed',
      build,
      step,
      code,
      message,
      hint,
      device: device ?? null,
      retryMs: retryMs ?? null,
    });
  }
}

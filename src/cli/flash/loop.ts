import {
  type BenchPort,
  boardPorts,
  compressAhead,
  Compressor,
  isNoBoardYet,
  waitForUnplug,
} from '../../flash/index.ts';
import { OtakitError, systemClock } from '../../shared/index.ts';
import { type Link, TransportError } from '../../transport/index.ts';
import { EXIT } from '../exit-codes.ts';
import { openPort } from '../links.ts';
import type { Cli } from '../nouns.ts';
import { asOtakitError, renderError } from '../render-error.ts';
import { boardData, type BoardResult, doneText } from './board-report.ts';
import { createBoardScreen } from './board-screen.ts';
import { type FlashJob, flashOne } from './flash-one.ts';
import { LoopTally } from './loop-tally.ts';
import type { WritingOptions } from './planning.ts';

/** How often is looked whether a board was plugged in. */
const LOOK_MS = 300;
const BELL = '\u0007';

/**
 * Flashes board after board until Ctrl-C: waits for one, flashes it, waits until it is unplugged. With
 * `--port all`, or none, that goes on at every USB port at once; otherwise at each port that is named.
 */
export async function flashInLoop(options: WritingOptions, cli: Cli, job: FlashJob): Promise<void> {
  const { port = 'all' } = options;
  const bench = new Bench(options, cli, job);
  const ports = port === 'all' ? null : port.split(',').map((target) => target.trim());
  try {
    await (ports === null ? bench.watchUsb() : bench.watch(ports));
  } catch (error) {
    const { signal } = cli.context;
    if (!signal.aborted) throw error;
    await bench.settled();
    bench.tally.print(options, cli);
    if (bench.wasInterrupted) throw signal.reason;
    const failure = bench.tally.failure;
    if (failure !== null) cli.setExitCode(EXIT[asOtakitError(failure).kind]);
  }
}

class Bench {
  readonly tally = new LoopTally();
  readonly #options: WritingOptions;
  readonly #cli: Cli;
  readonly #job: FlashJob;
  readonly #compressor = new Compressor();
  /** Ports with a board that is being flashed. */
  readonly #busy = new Set<string>();
  /** What was last said about a port without a board. */
  readonly #said = new Map<string, string>();
  /** Everything under way. */
  readonly #visits = new Set<Promise<void>>();
  #wasInterrupted = false;

  constructor(options: WritingOptions, cli: Cli, job: FlashJob) {
    this.#options = options;
    this.#cli = cli;
    this.#job = job;
    compressAhead(job.early?.parts ?? [], this.#compressor);
  }

  /** Whether Ctrl-C came in the middle of a board. */
  get wasInterrupted(): boolean {
    return this.#wasInterrupted;
  }

  /** Resolves when nothing is under way any more, after Ctrl-C. */
  async settled(): Promise<void> {
    await Promise.allSettled(this.#visits);
  }

  /** Board after board at each of these ports. */
  async watch(targets: readonly string[]): Promise<void> {
    this.#note(`Waiting for boards on ${targets.join(', ')}; Ctrl-C ends.`);
    const station = async (target: string) => {
      for (;;) await this.#start(target, targets.length === 1);
    };
    await Promise.all(targets.map(station));
  }

  /** Board after board at whatever USB port one appears. */
  async watchUsb(): Promise<void> {
    this.#note('Waiting for boards on USB; Ctrl-C ends.');
    const visited = new Set<string>();
    const failure = Promise.withResolvers<never>();
    const look = async () => {
      for (;;) {
        for (const target of await boardPorts()) {
          if (visited.has(target)) continue;
          visited.add(target);
          this.#start(target, false)
            .finally(() => visited.delete(target))
            .catch(failure.reject);
        }
        await systemClock.sleep(LOOK_MS, this.#cli.context.signal);
      }
    };
    await Promise.race([look(), failure.promise]);
  }

  async #start(target: string, isAlone: boolean): Promise<void> {
    const visit = this.#visit(target, isAlone);
    this.#visits.add(visit);
    await visit.finally(() => this.#visits.delete(visit));
  }

  /** One board, if there is one: flashes it, and waits until it is unplugged. */
  async #visit(target: string, isAlone: boolean): Promise<void> {
    const { context } = this.#cli;
    const { signal, stderr } = context;
    const screen = createBoardScreen(stderr, [target], systemClock);
    const links: Link[] = [];
    const result = await flashOne(target, this.#options, this.#cli, {
      ...this.#job,
      planFor: (device, own) => {
        if (!this.#busy.has(target) && !isAlone)
          this.#note(`${target}: flashing ${device.info.mac}`);
        this.#busy.add(target);
        return this.#job.planFor(device, own);
      },
      compressor: this.#compressor,
      finish: async (device) => {
        if (this.#options.reset) await device.reset();
        links.push(device.handOver());
      },
      onFailure: (device) => links.push(device.handOver()),
      onProgress: isAlone ? screen.progressOf(target) : () => {},
    });
    screen.finish();
    const wasFlashing = this.#busy.delete(target);
    const [link = null] = links;
    if (signal.aborted) {
      await link?.[Symbol.asyncDispose]();
      this.#wasInterrupted ||= wasFlashing;
      if (wasFlashing) this.tally.add(result);
      signal.throwIfAborted();
    }
    if (!result.ok && !wasFlashing && this.#isStillEmpty(target, result.error)) {
      await systemClock.sleep(LOOK_MS, signal);
      return;
    }
    this.#said.delete(target);
    this.#report(result);
    await this.#waitForUnplug(target, result, link);
    this.#note(`${target}: unplugged, waiting for the next board`);
  }

  async #waitForUnplug(target: string, result: BoardResult, link: Link | null): Promise<void> {
    // A board that went away in the middle is unplugged already.
    if (!result.ok && hasCode(result.error, 'transport/port-lost')) {
      await link?.[Symbol.asyncDispose]();
      return;
    }
    const { signal } = this.#cli.context;
    const port: BenchPort = { open: openPort, target, clock: systemClock, signal };
    await waitForUnplug(port, link);
  }

  /** Whether there is only no board yet. Why it cannot be seen is said once. */
  #isStillEmpty(target: string, error: unknown): boolean {
    const isEmpty = isNoBoardYet(target, error);
    const isInTheWay = error instanceof TransportError && WILL_PASS.has(error.code);
    if (isInTheWay && this.#said.get(target) !== error.code) {
      this.#said.set(target, error.code);
      this.#note(`${target}: waiting: ${error.message}`);
    }
    return isEmpty || isInTheWay;
  }

  #report(result: BoardResult): void {
    const { context } = this.#cli;
    this.tally.add(result);
    if (!result.ok && !(result.error instanceof OtakitError)) throw result.error;
    if (this.#options.json) {
      context.stdout.write(`${JSON.stringify(boardData(result))}\n`);
    } else if (result.ok) {
      const count = `#${this.tally.doneCount}`;
      const text = doneText(result.done, result.durationMs);
      context.stdout.write(`${count} ${result.target}: ${text}\n`);
    } else {
      context.stdout.write(`${result.target}: failed\n`);
      if (result.error instanceof OtakitError) renderError(result.error, context, false);
    }
    if (context.stderr.isTTY === true) context.stderr.write(BELL);
  }

  #note(text: string): void {
    if (this.#options.json !== true) this.#cli.context.stderr.write(`${text}\n`);
  }
}

/** The system is still setting the port up, or another program still has it. */
const WILL_PASS: ReadonlySet<string> = new Set(['transport/port-busy', 'transport/port-denied']);

function hasCode(error: unknown, code: string): boolean {
  return error instanceof OtakitError && error.code === code;
}

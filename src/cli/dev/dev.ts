import { basename } from 'node:path';
import type { ChipName } from '../../chips/index.ts';
import { createOtaServer, type ServeEvent } from '../../serve/index.ts';
import type { ConfigTarget } from '../../machine-config/index.ts';
import { type Issue, OtakitError, systemClock } from '../../shared/index.ts';
import { openTargets } from '../config/open-target.ts';
import type { TargetOptions } from '../config/target-options.ts';
import type { CliContext } from '../context.ts';
import { durationOption } from '../duration-option.ts';
import { EXIT } from '../exit-codes.ts';
import { chipOption } from '../chip-option.ts';
import { loadPartitionTable } from '../partition-table-file.ts';
import { createAnnouncer } from '../serve/announce.ts';
import { chooseAddress } from '../serve/choose-address.ts';
import { loadImage, type LoadResult } from '../serve/load-image.ts';
import { openKey } from '../serve/open-key.ts';
import { portOption, ttlOption } from '../serve/options.ts';
import type { ServeArguments } from '../serve/serve-options.ts';
import { collectEvidence } from '../follow/evidence.ts';
import { Undoing } from './restore.ts';
import { type BuildEnd, BuildRun, type DevSession } from './run-build.ts';
import { type DevView, devView } from './view.ts';
import { type BuildState, watchBuild } from './watch-build.ts';

/** What `otakit dev` takes. */
export interface DevOptions extends TargetOptions, ServeArguments {
  readonly service?: string;
  readonly monitor?: string;
  readonly log?: string;
  readonly expect?: string;
  readonly silence: string;
  readonly restore?: true;
}

/** `otakit dev`; ends with Ctrl-C, which rejects, or with `--once` after one build. */
export async function dev(path: string, options: DevOptions, context: CliContext): Promise<number> {
  const { env, signal } = context;
  const beganMs = systemClock.now();
  const silenceMs = durationOption('--silence', options.silence);
  const port = portOption(options.port);
  const ttlMs = ttlOption(options.ttl);
  // A board does not change its chip: a build for another is for another board.
  let chip = options.chip === undefined ? null : chipOption(options.chip);
  const targets = await openTargets(options, context);
  const address = chooseAddress(options);
  const view = devView(context, options.json === true);
  const show = (issue: Issue) => view.warning(issue);
  for (const issue of address.issues) show(issue);
  const key = await openKey(options, env, show);
  const undoing = new Undoing();
  const warned = new Set<string>();
  let current: BuildRun | null = null;
  await using server = await createOtaServer({
    port,
    bind: options.bind,
    host: address.host,
    key,
    ttlMs,
    onEvent: (event: ServeEvent) => current?.serve(event),
    clock: systemClock,
  });
  await using announcer = createAnnouncer({
    port: server.port,
    boundAddress: options.bind,
    urlHost: address.host,
    needsToken: key !== null,
    isWanted: options.announce,
    onIssue: show,
  });
  const evidence = collectEvidence(targets, options, signal, (name, cause) =>
    view.lost(name, cause),
  );
  const isLoopback = /^127\.|^::1$|^localhost$/.test(address.host);
  const session: DevSession = {
    server,
    announcer,
    targets,
    evidence,
    // Where there is no other address, or it was asked for, the device is a virtual one; serve warns.
    change: {
      ...(options.service === undefined ? {} : { service: options.service }),
      allowLoopback: isLoopback,
    },
    silenceMs,
    ...(options.expect === undefined ? {} : { expect: options.expect }),
    ...(options.tag === undefined ? {} : { tag: options.tag }),
    clock: systemClock,
    context,
    undoing,
    once: options.once === true,
    emit: (event) => view.show(event),
    warn: (issue) => {
      if (!warned.has(issue.message)) view.warning(issue);
      warned.add(issue.message);
    },
  };
  view.start(
    path,
    targets.map(({ target }) => target.label),
    evidence.map(({ name, showsSlot }) => ({
      name,
      proves: showsSlot || options.expect !== undefined,
    })),
  );
  try {
    const next = buildNumbers();
    const tables = new TableNotes(view);
    let lastSha256 = '';
    let isFirst = true;
    for await (const state of watchBuild(path, { clock: systemClock, signal })) {
      const startMs = systemClock.now();
      const result = await checkBuild(state, { options, chip, tables, view, isFirst });
      isFirst = false;
      if (result === null || result.loaded === null) {
        // Only half of it may be there yet; a fault counts once nothing changes any more.
        if (!state.isSettled || result === null) continue;
        reject(state, result, next(), view);
        if (options.once) return EXIT.input;
        continue;
      }
      if (result.loaded.sha256 === lastSha256) continue;
      lastSha256 = result.loaded.sha256;
      chip ??= result.loaded.image.chip;
      const checked = announce(state, result, next(), { beganMs, startMs }, view);
      current?.supersede();
      await current?.pushed;
      const run: BuildRun = new BuildRun(checked, session);
      current = run;
      const end = run.run();
      if (options.once) return (await end).exitCode;
      const { sha256 } = result.loaded;
      // Built again as it was, a build that did not make it is tried again.
      const onEnd = ({ exitCode }: BuildEnd) => {
        if (exitCode !== EXIT.done && lastSha256 === sha256) lastSha256 = '';
      };
      void end.then(onEnd, () => {});
    }
    return EXIT.done;
  } finally {
    current?.supersede();
    await current?.pushed;
    if (options.restore) {
      const failed = (target: ConfigTarget, cause: unknown) =>
        view.notRestored(target.label, cause);
      view.show({ event: 'restored', targets: await undoing.restore(env, failed) });
    }
    view.close();
  }
}

function buildNumbers(): () => number {
  let last = 0;
  return () => (last += 1);
}

/** Which partition table counts: said once, and again when it changes. */
class TableNotes {
  readonly #view: DevView;
  #last: string | null | undefined;

  constructor(view: DevView) {
    this.#view = view;
  }

  note(path: string | null): void {
    if (path === this.#last) return;
    this.#last = path;
    if (path === null) this.#view.warning(NO_TABLE);
    else this.#view.table(path);
  }
}

const NO_TABLE: Issue = {
  code: 'cli/sizes-not-checked',
  severity: 'warning',
  message: 'there is no partition table, so sizes are not checked',
  hint: 'Name that of the device with --partitions.',
};

interface CheckSession {
  readonly options: DevOptions;
  readonly chip: ChipName | null;
  readonly tables: TableNotes;
  readonly view: DevView;
  readonly isFirst: boolean;
}

/**
 * `null` for a file that cannot be read or understood while a build tool is at work. Once nothing happens
 * to it any more that is reported; at the start it is the end.
 */
async function checkBuild(
  { build, isSettled }: BuildState,
  { options, chip, tables, view, isFirst }: CheckSession,
): Promise<LoadResult | null> {
  const partitions = options.partitions ?? build.partitions;
  tables.note(partitions);
  try {
    const table = partitions === null ? null : await loadPartitionTable(partitions);
    return await loadImage(
      build.image,
      {
        audience: options.for,
        ...(chip === null ? {} : { chip }),
        ...(table === null ? {} : { table }),
      },
      null,
    );
  } catch (thrown) {
    if (!(thrown instanceof OtakitError)) throw thrown;
    if (!isSettled || isBeingWritten(thrown, options)) return null;
    if (isFirst || options.once) throw thrown;
    const { code, message, hint = '' } = thrown;
    view.warning({ code, severity: 'warning', message, hint });
    return null;
  }
}

/** It went away, or became shorter, while it was read. A table that was named has to be there. */
function isBeingWritten({ code, cause, details }: OtakitError, { partitions }: DevOptions) {
  if (code === 'bytes/read-past-end') return true;
  const { code: reason } = (cause ?? {}) as NodeJS.ErrnoException;
  return reason === 'ENOENT' && details['path'] !== partitions;
}

function reject({ build }: BuildState, { check }: LoadResult, number: number, view: DevView): void {
  view.show({ event: 'rejected', build: number, image: build.image, issues: check.issues });
}

function announce(
  { build, modifiedMs }: BuildState,
  { check, loaded }: LoadResult,
  number: number,
  { beganMs, startMs }: { readonly beganMs: number; readonly startMs: number },
  view: DevView,
) {
  if (loaded === null) throw new TypeError('a build that was refused is announced');
  const { image, bytes } = loaded;
  // What was there before anyone watched did not have to wait for us.
  const finishedMs = modifiedMs >= beganMs && modifiedMs <= startMs ? modifiedMs : startMs;
  const checkMs = systemClock.now() - startMs;
  view.show({
    event: 'checked',
    build: number,
    image: build.image,
    project: image.appDescriptor?.projectName ?? null,
    version: image.appDescriptor?.version ?? null,
    chip: image.chip,
    sizeBytes: bytes.length,
    usedRatio: check.fits?.usedRatio ?? null,
    issues: check.issues,
    durationMs: checkMs,
  });
  const noticeMs = startMs - finishedMs;
  return { number, fileName: basename(build.image), loaded, finishedMs, noticeMs, checkMs };
}

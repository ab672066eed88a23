import { join } from 'node:path';
import { createOtaServer, defaultTag, type ServeEvent } from '../../serve/index.ts';
import { type Clock, systemClock } from '../../shared/index.ts';
import { EXIT } from '../exit-codes.ts';
import { chipOption } from '../chip-option.ts';
import { loadPartitionTable } from '../partition-table-file.ts';
import type { Cli } from '../nouns.ts';
import { createAnnouncer } from './announce.ts';
import { chooseAddress } from './choose-address.ts';
import { jsonView } from './json-view.ts';
import { type LoadedImage, loadImage, type LoadResult } from './load-image.ts';
import { openKey, serveFolder } from './open-key.ts';
import { portOption, ttlOption } from './options.ts';
import { publishRebuilds } from './rebuilds.ts';
import { refuseDoubtful } from './refuse-doubtful.ts';
import { openServeHistory, type ServeHistory } from './serve-history.ts';
import type { ServeArguments } from './serve-options.ts';
import { textView } from './text-view.ts';
import type { ServeView } from './view.ts';

/** `otakit serve IMAGE`: checks the image; what a device could take is then served. */
export async function serve(path: string, options: ServeArguments, cli: Cli): Promise<void> {
  const { context, setExitCode } = cli;
  const port = portOption(options.port);
  const ttlMs = ttlOption(options.ttl);
  const history = await openServeHistory(
    join(serveFolder(options, context.env), 'serve-history.json'),
  );
  const view = options.json ? jsonView(context.stdout) : textView(context);

  const load = () => loadChecked(path, options, history);
  const first = await load();
  view.checked(path, first.check.issues, first.loaded !== null);
  if (first.loaded === null) {
    setExitCode(EXIT.input);
    return;
  }
  for (const issue of refuseDoubtful(options, first.loaded, history.last(path))) {
    view.warning(issue);
  }
  const key = await openKey(options, context.env, (issue) => view.warning(issue));
  try {
    const session = { path, options, port, ttlMs, key, history, view, load };
    setExitCode(await serveUntilEnd(session, first.loaded, first.check, context.signal));
  } finally {
    view.close();
  }
}

/** What one run of the command works with. */
interface Session {
  readonly path: string;
  readonly options: ServeArguments;
  readonly port: number;
  readonly ttlMs: number;
  readonly key: Uint8Array | null;
  readonly history: ServeHistory;
  readonly view: ServeView;
  readonly load: () => Promise<LoadResult>;
}

/** Serves until Ctrl-C, which rejects, or with `--once` until the first download has ended. */
async function serveUntilEnd(
  { path, options, port, ttlMs, key, history, view, load }: Session,
  first: LoadedImage,
  firstCheck: LoadResult['check'],
  signal: AbortSignal,
  clock: Clock = systemClock,
): Promise<number> {
  const ended = Promise.withResolvers<number>();
  const interrupted = () => ended.reject(signal.reason as Error);
  signal.addEventListener('abort', interrupted, { once: true });
  if (signal.aborted) interrupted();
  // It may be rejected while something else is awaited.
  ended.promise.catch(() => {});

  const address = chooseAddress(options);
  for (const issue of address.issues) view.warning(issue);
  const onEvent = (event: ServeEvent) => {
    if (event.event === 'listening') return;
    view.event(event);
    if (options.once && event.event === 'complete') ended.resolve(EXIT.done);
    if (options.once && event.event === 'aborted') ended.resolve(EXIT.network);
  };
  const { bind } = options;
  await using server = await createOtaServer({
    port,
    bind,
    host: address.host,
    key,
    ttlMs,
    onEvent,
    clock,
  });
  await using announcer = createAnnouncer({
    port: server.port,
    boundAddress: bind,
    urlHost: address.host,
    needsToken: key !== null,
    isWanted: options.announce,
    onIssue: (issue) => view.warning(issue),
  });

  let served: { readonly tag: string } = { tag: '' };
  const offer = async (
    loaded: LoadedImage,
    { fits }: LoadResult['check'],
    isRebuild: boolean,
  ): Promise<void> => {
    const { image, bytes, sha256 } = loaded;
    const version = image.appDescriptor?.version ?? null;
    const tag = chooseTag(options.tag, version, sha256, isRebuild);
    const listening = server.publish({ bytes, fileName: path, tag, imageHash: image.hash.stored });
    served = listening;
    await history.remember(path, { version, tag, sha256 });
    view.offered({ path, loaded, fits, listening, others: address.others, ttlMs, isRebuild });
    announcer.offer(image, listening);
  };
  await offer(first, firstCheck, false);

  if (options.watch) {
    const { partitions } = options;
    publishRebuilds({
      paths: partitions === undefined ? [path] : [path, partitions],
      load,
      served: first.sha256,
      publish: (loaded, check) => {
        view.checked(path, check.issues, true);
        return offer(loaded, check, true);
      },
      refuse: (issues) => {
        view.checked(path, issues, false);
        view.kept(served.tag);
      },
      clock,
      signal,
    }).catch(ended.reject);
  }
  try {
    return await ended.promise;
  } finally {
    signal.removeEventListener('abort', interrupted);
  }
}

async function loadChecked(
  path: string,
  { partitions, chip, for: audience }: ServeArguments,
  history: ServeHistory,
): Promise<LoadResult> {
  const target = {
    audience,
    ...(chip === undefined ? {} : { chip: chipOption(chip) }),
    ...(partitions === undefined ? {} : { table: await loadPartitionTable(partitions) }),
  };
  return loadImage(path, target, history.last(path));
}

/** A tag given by hand names the image that was there then; rebuilds need others. */
function chooseTag(
  given: string | undefined,
  version: string | null,
  sha256: string,
  isRebuild: boolean,
): string {
  if (given === undefined) return defaultTag(version, sha256);
  return isRebuild ? defaultTag(given, sha256) : given;
}

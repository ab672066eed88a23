import { createHash } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { counted, systemClock } from '../../../shared/index.ts';
import { createDeviceHttp, scaledClock, VirtualFleet } from '../../../simulator/index.ts';
import { CliError } from '../../codes.ts';
import type { CliContext } from '../../context.ts';
import { dataFolder } from '../../data-folder.ts';
import { readInputFile } from '../../files.ts';
import { checkToken, connectFleet, fleetFolder } from '../../fleet/connection.ts';
import { boardOf } from './board.ts';
import { FleetMembers } from './members.ts';
import { registerByApi, registerBySecret } from './register.ts';
import { parseOptions, type SimulateFleetOptions } from './options.ts';
import { FleetTally } from './tally.ts';
import { type FleetView, jsonView, lineView, screenView } from './view.ts';

const REFRESH_MS = 250;
/** All of a fleet at once is a test of its own; they come at a rate that a server is at ease with. */
const FIRST_CONTACT_MS = 10;

/**
 * Runs a virtual fleet until Ctrl-C or, with `--for`, until that time is over.
 *
 * @throws CliError, SimulatorError, whatever the server says while the devices are registered
 */
export async function simulateFleet(
  options: SimulateFleetOptions,
  context: CliContext,
): Promise<void> {
  const { behaviour, count, connections, speed, forMs } = parseOptions(options);
  const { signal } = context;

  await using place = await placeOf(options, context);
  using http = createDeviceHttp(place.url, connections);
  const board = await boardOf(place.api, options.blueprint, options.publicKey ?? []);
  const path = options.state ?? stateFile(context, place.name, options.prefix);
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const members = await FleetMembers.open({ path, server: place.name }, options.fresh === true);
  const register =
    place.api === null ? registerBySecret(http, place.token) : registerByApi(place.api);
  const devices = await members.gather(
    {
      count,
      prefix: options.prefix,
      version: options.runs,
      blueprintId: options.blueprint ?? null,
      cohortId: options.cohort ?? null,
    },
    register,
    signal,
    (done, all) => {
      if (done < all) return;
      context.stderr.write(`${counted(all, 'new device')} registered at ${place.url}\n`);
    },
  );

  const tally = new FleetTally(
    new Map(
      devices.map(({ deviceId, main }) => [deviceId, main.slots[main.selected]?.version ?? '']),
    ),
  );
  const view = viewOf(options, context, tally);
  const many = counted(count, 'virtual device');
  view.note(`${many} ${count === 1 ? 'runs' : 'run'} against ${place.url}, kept in ${path}`);
  const fleet = new VirtualFleet({
    devices,
    http,
    board,
    behaviour,
    clock: scaledClock(systemClock, speed),
    speed,
    // The rest of the connections is for those who have something to do.
    listeningPlaces: Math.floor(connections * 0.75),
    startWithinMs: count * FIRST_CONTACT_MS * speed,
    onEvent: (event) => {
      tally.add(event);
      view.event(event);
    },
    onMemory: (memory) => members.keep(memory),
  });
  await live(fleet, members, view, forMs, signal);
}

async function live(
  fleet: VirtualFleet,
  members: FleetMembers,
  view: FleetView,
  forMs: number | null,
  signal: AbortSignal,
): Promise<void> {
  const over = new AbortController();
  const both = AbortSignal.any([signal, over.signal]);
  const timer = forMs === null ? null : setTimeout(() => over.abort(), forMs);
  const refreshing = setInterval(() => view.refresh(), REFRESH_MS);
  const saving = members.saveWhile(both);
  try {
    await fleet.run(both);
  } catch (error) {
    if (!over.signal.aborted || signal.aborted) throw error;
  } finally {
    over.abort();
    if (timer !== null) clearTimeout(timer);
    clearInterval(refreshing);
    await saving;
    await members.save();
    view.end();
  }
}

/** Where the devices go, and who registers them: the management API, or they themselves. */
async function placeOf(options: SimulateFleetOptions, context: CliContext) {
  const { provisionWith, server } = options;
  if (provisionWith === undefined) {
    const connection = await connectFleet(options, context);
    const { api } = connection;
    return {
      url: api.url,
      // The port of a server on this machine may be another one next time.
      name:
        server ?? context.env['OTAKIT_SERVER'] ?? resolve(options.data ?? fleetFolder(context.env)),
      api,
      token: '',
      [Symbol.asyncDispose]: () => connection[Symbol.asyncDispose](),
    };
  }
  if (server === undefined) {
    throw new CliError('cli/usage', '--provision-with without --server', {
      hint: 'Say with --server where the devices register themselves.',
    });
  }
  if (options.cohort !== undefined) {
    throw new CliError('cli/usage', '--cohort does not go with --provision-with', {
      hint: 'The provisioning token says which cohort its devices join.',
    });
  }
  const text = new TextDecoder().decode(await readInputFile(provisionWith)).trim();
  const token = checkToken(text, provisionWith);
  return {
    url: server.replace(/\/+$/, ''),
    name: server,
    api: null,
    token,
    [Symbol.asyncDispose]: async () => {},
  };
}

function viewOf(options: SimulateFleetOptions, context: CliContext, tally: FleetTally): FleetView {
  if (options.json === true) return jsonView(context, tally);
  return context.stderr.isTTY === true ? screenView(context, tally) : lineView(context, tally);
}

function stateFile({ env }: CliContext, name: string, prefix: string): string {
  const place = createHash('sha256').update(name).digest('hex').slice(0, 12);
  return join(dataFolder(env), 'virtual-fleets', `${prefix}-${place}.json`);
}

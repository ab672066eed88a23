import {
  discover,
  type DiscoveredService,
  type FoundDevice,
  type FoundServer,
} from '../../discovery/index.ts';
import { formatDuration, formatSize, parseDuration, printable } from '../../shared/index.ts';
import { CliError } from '../codes.ts';
import type { Cli } from '../nouns.ts';
import { textTable } from '../text-table.ts';
import type { DiscoverFlags } from './command.ts';

export async function discoverLan(flags: DiscoverFlags, { context }: Cli): Promise<void> {
  const timeoutMs = parseDuration(flags.timeout);
  if (timeoutMs === null || timeoutMs <= 0) {
    throw new CliError('cli/usage', `--timeout ${flags.timeout} is no duration`, {
      hint: 'Give a number with its unit, such as 500ms, 3s or 1m.',
    });
  }
  const found = await discover({ timeoutMs, signal: context.signal });
  const servers = found.filter((one) => one.kind === 'server');
  const devices = found.filter((one) => one.kind === 'device');
  if (flags.json) {
    context.stdout.write(
      `${JSON.stringify({ servers: servers.map(withoutKind), devices: devices.map(withoutKind) })}\n`,
    );
    return;
  }
  if (found.length === 0) {
    context.stderr.write(
      `Nothing answered within ${formatDuration(timeoutMs)}. ` +
        'Devices in deep sleep or on another network cannot; a longer --timeout may help.\n',
    );
    return;
  }
  const tables = [
    ...(servers.length === 0 ? [] : [serverTable(servers)]),
    ...(devices.length === 0 ? [] : [deviceTable(devices)]),
  ];
  context.stdout.write(`${tables.join('\n\n')}\n`);
}

function withoutKind({ kind: _kind, ...rest }: DiscoveredService): unknown {
  return rest;
}

function serverTable(servers: readonly FoundServer[]): string {
  return textTable(
    [
      { title: 'SERVER' },
      { title: 'ADDRESS' },
      { title: 'TAG' },
      { title: 'CHIP' },
      { title: 'SIZE', align: 'right' },
      { title: 'TOKEN' },
    ],
    servers.map(({ name, host, port, addresses, facts }) =>
      row([
        name,
        `${address(addresses, host)}:${port}`,
        facts?.tag,
        facts?.chip,
        facts === null ? null : formatSize(facts.sizeBytes),
        facts === null ? null : facts.needsToken ? 'needed' : 'none',
      ]),
    ),
  );
}

function deviceTable(devices: readonly FoundDevice[]): string {
  return textTable(
    [
      { title: 'DEVICE' },
      { title: 'ADDRESS' },
      { title: 'FIRMWARE' },
      { title: 'VERSION' },
      { title: 'CHIP' },
      { title: 'SERVICES' },
    ],
    devices.map(({ name, host, addresses, firmware, version, chip, services }) =>
      row([
        name,
        address(addresses, host),
        firmware,
        version,
        chip,
        services.map(({ type, port }) => `${type}:${port}`).join(' '),
      ]),
    ),
  );
}

function address(addresses: readonly string[], host: string | null): string {
  const [first] = addresses;
  if (first === undefined) return host === null ? '-' : `${host}.local`;
  return first.includes(':') ? `[${first}]` : first;
}

/** Everything here came from the network, so none of it reaches the terminal as it is. */
function row(cells: readonly (string | null | undefined)[]): readonly string[] {
  return cells.map((cell) => (cell === null || cell === undefined ? '-' : printable(cell)));
}

import { printable, systemClock } from '../../shared/index.ts';
import { listPorts, type PortInfo } from '../../transport/index.ts';
import type { CliContext } from '../context.ts';
import { textTable } from '../text-table.ts';

/** How often `--watch` looks. */
const WATCH_INTERVAL_MS = 500;

/** `otakit ports`: every port, once. */
export async function ports(context: CliContext, asJson: boolean): Promise<void> {
  const found = await listPorts();
  if (asJson) {
    context.stdout.write(`${JSON.stringify(found, null, 2)}\n`);
    return;
  }
  if (found.length === 0) {
    context.stderr.write(
      'No serial port. Plug a board in with a data cable (charging cables carry no data).\n',
    );
    return;
  }
  const columns = ['port', 'USB', 'serial number', 'what it is', 'can be opened'];
  context.stdout.write(
    `${textTable(
      columns.map((title) => ({ title })),
      found.map(cells),
    )}\n`,
  );
  for (const { path, access } of found) {
    if (access.kind !== 'ok') context.stderr.write(`${path}: ${access.hint}\n`);
  }
}

/** `otakit ports --watch`: what is there, and then each change. */
export async function watchPorts(context: CliContext, asJson: boolean): Promise<void> {
  let before = new Map<string, PortInfo>();
  for (;;) {
    const now = new Map((await listPorts()).map((port) => [port.path, port]));
    for (const [path, port] of now) if (!before.has(path)) say(context, asJson, 'added', port);
    for (const [path, port] of before) if (!now.has(path)) say(context, asJson, 'removed', port);
    before = now;
    await systemClock.sleep(WATCH_INTERVAL_MS, context.signal);
  }
}

function say(
  { stdout }: CliContext,
  asJson: boolean,
  event: 'added' | 'removed',
  port: PortInfo,
): void {
  stdout.write(
    asJson
      ? `${JSON.stringify({ event, ...port })}\n`
      : `${event === 'added' ? '+' : '-'} ${cells(port).filter(Boolean).join('  ')}\n`,
  );
}

function cells({ path, usb, adapter, description, access }: PortInfo): readonly string[] {
  const hex = (value: number) => value.toString(16).padStart(4, '0');
  const what = [adapter?.name, description].filter((text) => text !== undefined && text !== null);
  return [
    path,
    usb === null ? '' : `${hex(usb.vendorId)}:${hex(usb.productId)}`,
    printable(usb?.serialNumber ?? ''),
    printable(what.join(', ')),
    access.kind === 'busy'
      ? `no: in use by ${printable(access.holder.name)} (pid ${access.holder.pid})`
      : { ok: 'yes', denied: 'no: permission denied', missing: 'no: gone' }[access.kind],
  ];
}

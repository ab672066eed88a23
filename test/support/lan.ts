import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { describe } from 'vitest';
import { describeWithPeers, findPeer } from './peer.ts';

/** A computer on a LAN of our own: commands started on it see its network and no other. */
export interface LanHost {
  readonly address: string;
  start(command: string, args: readonly string[], env?: Record<string, string>): LanProcess;
}

/** A running command, whose output is read by line. */
export interface LanProcess extends AsyncDisposable {
  readonly child: ChildProcess;
  /** The first line, past or future, on stdout or stderr, that matches; rejects if it ends before. */
  line(pattern: RegExp): Promise<string>;
  /** Everything that it printed on stdout, and its exit code, once it has ended. */
  ended(): Promise<{
    readonly exitCode: number | null;
    readonly stdout: string;
    readonly stderr: string;
  }>;
}

/** Two computers with a cable between them, as network namespaces; gone when disposed of. */
export interface Lan extends AsyncDisposable {
  readonly left: LanHost;
  readonly right: LanHost;
}

/**
 * A suite that needs network namespaces of its own, besides real tools. Where the machine does not
 * let us make them (not root, or a container without the right) it is skipped, loudly.
 */
export function describeOnLan(
  peers: readonly string[],
  title: string,
  suite: (paths: readonly string[]) => void,
): void {
  if (canMakeNetworks()) {
    describeWithPeers(peers, title, suite);
    return;
  }
  console.warn(`SKIPPED "${title}": it needs to make network namespaces (root, on Linux)`);
  describe.skip(title, () => suite(peers));
}

function canMakeNetworks(): boolean {
  const name = `otakit-try-${randomBytes(4).toString('hex')}`;
  try {
    ip('netns', 'add', name);
    ip('netns', 'del', name);
    return true;
  } catch {
    return false;
  }
}

export function createLan(): Lan {
  const id = randomBytes(4).toString('hex');
  const [left, right] = [`otakit-${id}-l`, `otakit-${id}-r`];
  for (const name of [left, right]) ip('netns', 'add', name);
  ip('-n', left, 'link', 'add', 'lan0', 'type', 'veth', 'peer', 'name', 'lan0', 'netns', right);
  ip('-n', left, 'address', 'add', '10.77.0.1/24', 'dev', 'lan0');
  ip('-n', right, 'address', 'add', '10.77.0.2/24', 'dev', 'lan0');
  for (const name of [left, right]) {
    ip('-n', name, 'link', 'set', 'lo', 'up');
    ip('-n', name, 'link', 'set', 'lan0', 'up');
  }
  // The kernel brings the link up in its own time; asked by the tool itself, that is soon.
  for (const name of [left, right]) {
    while (!ip('-n', name, 'link', 'show', 'lan0').includes('state UP'));
  }
  const started: LanProcess[] = [];
  return {
    left: host(left, '10.77.0.1', started),
    right: host(right, '10.77.0.2', started),
    [Symbol.asyncDispose]: async () => {
      await Promise.all(started.map((running) => running[Symbol.asyncDispose]()));
      for (const name of [left, right]) ip('netns', 'del', name);
    },
  };
}

/**
 * A real Avahi on one of the hosts, with a message bus of its own, so that it touches nothing of
 * the machine's. The environment is for its clients (`avahi-browse`, `avahi-publish`).
 */
export async function startAvahi(
  on: LanHost,
): Promise<AsyncDisposable & { readonly env: Record<string, string> }> {
  const folder = mkdtempSync(join(tmpdir(), 'otakit-avahi-'));
  const socket = join(folder, 'bus');
  const busConfig = join(folder, 'bus.conf');
  const avahiConfig = join(folder, 'avahi.conf');
  writeFileSync(busConfig, busConfiguration(socket));
  writeFileSync(avahiConfig, AVAHI_CONFIGURATION);
  const env = { DBUS_SYSTEM_BUS_ADDRESS: `unix:path=${socket}` };
  const bus = on.start('dbus-daemon', [
    `--config-file=${busConfig}`,
    '--nofork',
    '--nopidfile',
    '--nosyslog',
    '--print-address=1',
  ]);
  await bus.line(/^unix:path=/);
  // Its pid file has a fixed place, so it gets a /run of its own (each host has its own mounts).
  const daemon = 'avahi-daemon --no-drop-root --no-chroot --no-rlimits -f';
  const avahi = on.start(
    'sh',
    ['-c', `mount -t tmpfs tmpfs /run && mkdir /run/avahi-daemon && exec ${daemon} ${avahiConfig}`],
    env,
  );
  await avahi.line(/Server startup complete/);
  return {
    env,
    [Symbol.asyncDispose]: async () => {
      await avahi[Symbol.asyncDispose]();
      await bus[Symbol.asyncDispose]();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function host(name: string, address: string, started: LanProcess[]): LanHost {
  return {
    address,
    start: (command, args, env = {}) => {
      const child = spawn(ipCommand(), ['netns', 'exec', name, command, ...args], {
        env: { ...process.env, ...env },
        stdio: ['pipe', 'pipe', 'pipe'],
      });
      const running = watch(child);
      started.push(running);
      return running;
    },
  };
}

function watch(child: ChildProcess & { stdout: object; stderr: object }): LanProcess {
  const lines: string[] = [];
  const output = { stdout: '', stderr: '' };
  const closed = once(child, 'close');
  let wake = () => {};
  for (const stream of ['stdout', 'stderr'] as const) {
    const source = child[stream];
    if (source === null) continue;
    source.setEncoding('utf8');
    source.on('data', (text: string) => (output[stream] += text));
    createInterface({ input: source }).on('line', (line) => {
      lines.push(line);
      wake();
    });
  }
  return {
    child,
    line: (pattern) =>
      new Promise((resolve, reject) => {
        const look = () => {
          const found = lines.find((line) => pattern.test(line));
          if (found !== undefined) resolve(found);
        };
        wake = look;
        look();
        void closed.then(() => reject(new Error(`ended without ${pattern}:\n${lines.join('\n')}`)));
      }),
    ended: async () => {
      await closed;
      return { exitCode: child.exitCode, ...output };
    },
    [Symbol.asyncDispose]: async () => {
      child.kill();
      await closed;
    },
  };
}

function ip(...args: readonly string[]): string {
  return execFileSync(ipCommand(), args, { encoding: 'utf8', stdio: 'pipe' });
}

function ipCommand(): string {
  return findPeer('ip') ?? 'ip';
}

function busConfiguration(socket: string): string {
  return `<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
  "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>system</type>
  <listen>unix:path=${socket}</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow user="*"/><allow own="*"/><allow send_destination="*"/><allow receive_sender="*"/>
  </policy>
</busconfig>
`;
}

const AVAHI_CONFIGURATION = `[server]
host-name=avahi-peer
use-ipv6=no
allow-interfaces=lan0

[publish]
publish-workstation=no
publish-hinfo=no
`;

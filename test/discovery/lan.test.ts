import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { AdvertiseOptions, ServerFacts } from '../../src/discovery/index.ts';
import { createLan, describeOnLan, type Lan, type LanHost, startAvahi } from '../support/lan.ts';

const ANNOUNCE = fileURLToPath(new URL('announce.program.ts', import.meta.url));
const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url));

const FACTS: ServerFacts = {
  tag: 'v1.4.0 "blue"',
  sha256: 'ab'.repeat(32),
  sizeBytes: 1_048_576,
  chip: 'esp32c3',
  projectName: 'lamp',
  needsToken: true,
};

/** What `otakit discover --json` prints, as far as these tests look at it. */
interface Findings {
  readonly servers: readonly { name: string; port: number; addresses: string[]; facts: unknown }[];
  readonly devices: readonly Record<string, unknown>[];
}

async function announce(on: LanHost, options: Partial<AdvertiseOptions> = {}) {
  const whole = { port: 3001, boundAddress: '0.0.0.0', name: 'bench', facts: FACTS, ...options };
  const running = on.start(process.execPath, [ANNOUNCE, JSON.stringify(whole)]);
  const said = JSON.parse(await running.line(/^\{/)) as {
    name: string | null;
    issues: { code: string; severity: string; message: string }[];
  };
  return {
    said,
    update: (facts: ServerFacts) => running.child.stdin?.write(`${JSON.stringify(facts)}\n`),
    /** Says goodbye and ends. */
    [Symbol.asyncDispose]: async () => {
      running.child.stdin?.end();
      expect((await running.ended()).exitCode).toBe(0);
    },
  };
}

async function otakitDiscover(on: LanHost, ...args: readonly string[]) {
  await using running = on.start(process.execPath, [MAIN, 'discover', ...args]);
  return await running.ended();
}

/** What is found within a time, in which everybody has answered unless this machine is busy. */
async function findings(on: LanHost): Promise<Findings> {
  const { stdout, stderr } = await otakitDiscover(on, '--json', '--timeout', '2500ms');
  expect(stderr).toBe('');
  return JSON.parse(stdout) as Findings;
}

describeOnLan(['ip'], 'on a LAN without multicast', () => {
  it('announcing is a warning, discovering an error: discovery/no-multicast', async () => {
    await using lan = createLan();
    // A host with no network besides loopback.
    const unplug = lan.left.start('ip', ['link', 'del', 'lan0']);
    await unplug.ended();
    await using server = await announce(lan.left);
    expect(server.said.name).toBeNull();
    expect(server.said.issues).toMatchObject([
      { code: 'discovery/no-multicast', severity: 'warning' },
    ]);

    const { exitCode, stdout, stderr } = await otakitDiscover(lan.left, '--json');
    expect({ exitCode, stdout }).toEqual({ exitCode: 5, stdout: '' });
    expect(JSON.parse(stderr)).toMatchObject({ error: { code: 'discovery/no-multicast' } });
  });
});

describeOnLan(['ip'], 'on a LAN of otakit servers', () => {
  let lan: Lan;
  beforeAll(() => {
    lan = createLan();
  });
  afterAll(() => lan[Symbol.asyncDispose]());

  it('a server bound to loopback or to an absent address is not announced', async () => {
    await using loopback = await announce(lan.left, { boundAddress: '127.0.0.1' });
    expect(loopback.said.name).toBeNull();
    expect(loopback.said.issues).toMatchObject([{ code: 'discovery/loopback-only' }]);
    await using absent = await announce(lan.left, { boundAddress: '192.0.2.1' });
    expect(absent.said.issues).toMatchObject([{ code: 'discovery/no-multicast' }]);
    const found = await findings(lan.right);
    expect(found).toEqual({ servers: [], devices: [] });
  });

  it('a taken name is renamed, both are found, and goodbye takes one back', async () => {
    const first = await announce(lan.left);
    expect(first.said).toEqual({ name: 'bench', issues: [] });
    await using second = await announce(lan.right, { port: 3002, boundAddress: lan.right.address });
    expect(second.said.name).toBe('bench (2)');
    expect(second.said.issues).toMatchObject([
      {
        code: 'discovery/renamed',
        severity: 'warning',
        message: expect.stringContaining('"bench (2)"'),
      },
    ]);
    for (const on of [lan.left, lan.right]) {
      await expect
        .poll(() => findings(on))
        .toMatchObject({
          servers: [
            {
              name: 'bench',
              port: 3001,
              addresses: expect.arrayContaining(['10.77.0.1']),
              facts: FACTS,
            },
            {
              name: 'bench (2)',
              port: 3002,
              addresses: expect.arrayContaining(['10.77.0.2']),
              facts: FACTS,
            },
          ],
        });
    }
    await first[Symbol.asyncDispose]();
    const names = async () => (await findings(lan.right)).servers.map(({ name }) => name);
    await expect.poll(names).toEqual(['bench (2)']);
  });
});

describeOnLan(
  ['ip', 'stdbuf', 'dbus-daemon', 'avahi-daemon', 'avahi-browse', 'avahi-publish'],
  'with a real Avahi on the LAN',
  () => {
    let lan: Lan;
    let avahi: Awaited<ReturnType<typeof startAvahi>>;
    beforeAll(async () => {
      lan = createLan();
      avahi = await startAvahi(lan.right);
    });
    afterAll(async () => {
      await avahi[Symbol.asyncDispose]();
      await lan[Symbol.asyncDispose]();
    });

    // Avahi's tools buffer their lines when they write to a pipe.
    const startBrowse = () =>
      lan.right.start('stdbuf', ['-oL', 'avahi-browse', '-rp', '_otakit._tcp'], avahi.env);

    const publish = async (name: string, ...args: readonly string[]) => {
      const running = lan.right.start('avahi-publish', ['-s', name, ...args], avahi.env);
      await running.line(/^Established/);
      return running;
    };

    it('avahi-browse sees name, port, address and facts, and their update', async () => {
      await using server = await announce(lan.left);
      await using browse = startBrowse();
      const line = await browse.line(/^=/);
      expect(line.split(';').slice(1, 6)).toEqual([
        'lan0',
        'IPv4',
        'bench',
        '_otakit._tcp',
        'local',
      ]);
      expect(line.split(';').slice(7, 9)).toEqual([lan.left.address, '3001']);
      const text = line.split(';').slice(9).join(';');
      for (const pair of [
        'txtvers=1',
        'tag=v1.4.0 \\"blue\\"',
        `sha256=${FACTS.sha256}`,
        'size=1048576',
        'auth=token',
        'chip=esp32c3',
        'project=lamp',
      ]) {
        expect(text).toContain(`"${pair}"`);
      }
      server.update({ ...FACTS, tag: 'v1.4.1' });
      // Its resolver prints what it has cached first, so it is asked until it has heard.
      for (let heard = ''; !heard.includes('"tag=v1.4.1"');) {
        await using once = lan.right.start('avahi-browse', ['-rpt', '_otakit._tcp'], avahi.env);
        heard = (await once.ended()).stdout;
      }
    });

    it('gives way to a name that Avahi holds', async () => {
      await using _holder = await publish('bench', '_otakit._tcp', '4000');
      await using server = await announce(lan.left);
      expect(server.said.name).toBe('bench (2)');
      const servers = async () => (await findings(lan.left)).servers;
      await expect.poll(servers).toMatchObject([
        { name: 'bench', port: 4000, facts: null },
        { name: 'bench (2)', port: 3001, facts: FACTS },
      ]);
    });

    it('finds ESP devices that Avahi announces, one per host, and leaves out printers', async () => {
      await using _esphome = await publish(
        'Küche.1',
        '_esphomelib._tcp',
        '6053',
        'platform=ESP32',
        'version=2026.1.0',
        'mac=aabbccddeeff',
      );
      await using _arduino = await publish('kueche', '_arduino._tcp', '3232', 'auth_upload=no');
      await using _printer = await publish('Printer', '_ipp._tcp', '631');
      await expect
        .poll(() => findings(lan.left))
        .toEqual({
          servers: [],
          devices: [
            {
              name: 'Küche.1',
              host: 'avahi-peer',
              addresses: expect.arrayContaining(['10.77.0.2']),
              firmware: 'esphome',
              chip: 'esp32',
              version: '2026.1.0',
              services: [
                { type: '_esphomelib._tcp', port: 6053 },
                { type: '_arduino._tcp', port: 3232 },
              ],
            },
          ],
        });
    });

    it('prints names and values from the network escaped, in columns', async () => {
      await using _hostile = await publish(
        'evil\u001B[2J\nSERVER',
        '_otakit._tcp',
        '4000',
        'tag=\u001B[31mred',
        `sha256=${FACTS.sha256}`,
        'size=1024',
      );
      const printed = async () => {
        const { stdout, exitCode } = await otakitDiscover(lan.left, '--timeout', '2s');
        expect(exitCode).toBe(0);
        return stdout;
      };
      await expect
        .poll(printed)
        .toBe(
          [
            'SERVER                 ADDRESS         TAG          CHIP  SIZE  TOKEN',
            String.raw`evil\x1b[2J\x0aSERVER  10.77.0.2:4000  \x1b[31mred  -     1 KB  needed`,
            '',
          ].join('\n'),
        );
    });
  },
);

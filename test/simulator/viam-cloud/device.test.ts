import { describe, expect, it, onTestFinished } from 'vitest';
import {
  type JsonObject,
  loadViamSdk,
  partTarget,
  setOtaService,
  updateConfig,
  ViamCloud,
} from '../../../src/machine-config/index.ts';
import { DeviceConnection, VirtualViamCloud } from '../../../src/simulator/index.ts';
import { buildTestApp } from '../../support/build-image.ts';
import { respondWith, serveHttp2 } from '../../support/http2-server.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import { createTestDevice, ota, machineConfig } from '../../support/micro-rdk.ts';

const POLL_MS = 10_000;
const RESTART_CHECK_MS = 5000;
const UPLOAD_MS = 1000;
const image = await buildTestApp({ descriptor: { version: '2.0.0' } });

/** The real SDK's client, as far as these tests use it. */
interface AppClient {
  getRobotPartLogs(id: string): Promise<{
    readonly logs: readonly {
      readonly message: string;
      readonly host: string;
      readonly level: string;
      readonly loggerName: string;
    }[];
  }>;
  markPartForRestart(id: string): Promise<void>;
}

/** A virtual cloud with one part, and a virtual device that is provisioned for it. */
async function provisioned({
  config = {},
  secret,
}: { readonly config?: object; readonly secret?: string } = {}) {
  const clock = new ManualClock();
  const cloud = await VirtualViamCloud.create({ clock });
  onTestFinished(() => cloud[Symbol.asyncDispose]());
  const part = cloud.addPart({ config: config as JsonObject });
  const key = cloud.addApiKey();
  const { url, port } = await cloud.listen();
  const identity = { appAddress: url, id: part.id, secret: secret ?? part.secret };
  const connection = await DeviceConnection.create(identity);
  onTestFinished(() => connection[Symbol.dispose]());
  const device = await createTestDevice({ cloud: connection, clock });
  const credentials = { type: 'api-key', authEntity: key.id, payload: key.key } as const;
  const sdk = await loadViamSdk();
  const client = async () => {
    const { appClient } = await sdk.createViamClient({ serviceHost: url, credentials });
    return appClient as unknown as AppClient;
  };
  const messages = () => cloud.logs(part.id).map(({ message }) => message);
  return { ...device, clock, cloud, part, port, connection, credentials, url, client, messages };
}

type Provisioned = Awaited<ReturnType<typeof provisioned>>;

/** Switches the device on for good, and waits until it has polled. */
async function running({ device, clock }: Provisioned): Promise<() => Promise<void>> {
  const power = new AbortController();
  const run = device.run(POLL_MS, power.signal).catch(() => {});
  onTestFinished(async () => {
    power.abort();
    await run;
  });
  const settled = () =>
    Promise.all([clock.sleeperFor(RESTART_CHECK_MS), clock.sleeperFor(UPLOAD_MS)]);
  await settled();
  return async () => {
    await clock.advance(RESTART_CHECK_MS);
    await settled();
  };
}

/** One poll, as far as the clock has nothing to do with it. */
const asked = ({ device }: Provisioned) => device.poll(new AbortController().signal);

describe('a virtual device and a virtual cloud', () => {
  it('a version tag set through the real SDK reaches the device, and its log the SDK', async () => {
    await using server = await serveHttp2(respondWith(image));
    const made = await provisioned({ config: { note: 'kept' } });
    const fiveSecondsLater = await running(made);
    expect(made.part.agent).toMatchObject({ host: 'esp32', platform: 'esp32', version: '0.5.1' });
    const cloud = new ViamCloud({ host: made.url, credentials: made.credentials });
    const settings = { url: `${server.origin}/app.bin`, version: 'v2' };
    await updateConfig(partTarget(cloud, made.part.id), ({ text }) =>
      setOtaService(text, settings),
    );
    await fiveSecondsLater();
    await fiveSecondsLater();
    expect(made.events.at(-1)).toEqual({
      kind: 'rebooted',
      reason: 'update',
      slot: 'ota_1',
      version: '2.0.0',
      tag: 'v2',
      fellBack: false,
    });
    await fiveSecondsLater();
    const { logs } = await (await made.client()).getRobotPartLogs(made.part.id);
    const inOrder = logs.map(({ message }) => message).toReversed();
    const told = [
      `OTA connection attempt 1: \`${settings.url}\` `,
      'ota connected, beginning download',
      'firmware update successful: version `v2`',
      'rebooting from config monitor...',
      'OTA firmware version: v2',
    ];
    expect(inOrder.filter((message) => told.includes(message))).toEqual(told);
    expect(made.log.some((message) => message.startsWith('Loaded app from'))).toBe(true);
    expect(inOrder.some((message) => message.startsWith('Loaded app from'))).toBe(false);
    expect(logs[0]).toMatchObject({
      host: 'esp32',
      level: 'info',
      loggerName: 'viam-micro-server',
    });
    expect(made.part.config).toMatchObject({ note: 'kept' });
  });

  it('any other change of the config makes it reboot once, and connect anew', async () => {
    const made = await provisioned({
      config: machineConfig(ota('http://127.0.0.1:1/a', '')) as object,
    });
    await asked(made);
    made.part.agent = null;
    await asked(made);
    expect(made.part.agent).toBeNull();
    made.cloud.edit(made.part.id, (config) => ({ ...config, note: 1 }));
    await asked(made);
    expect(made.events.at(-1)).toMatchObject({ kind: 'rebooted', reason: 'config-changed' });
    await asked(made);
    expect(made.part.agent).not.toBeNull();
    expect(made.kinds().filter((kind) => kind === 'rebooted')).toHaveLength(1);
  });

  it('restarts once when somebody asks for it in the app', async () => {
    const made = await provisioned();
    const fiveSecondsLater = await running(made);
    await (await made.client()).markPartForRestart(made.part.id);
    await fiveSecondsLater();
    await fiveSecondsLater();
    await fiveSecondsLater();
    const rebooted = made.events.filter(({ kind }) => kind === 'rebooted');
    expect(rebooted).toMatchObject([{ reason: 'restart-requested', slot: 'ota_0' }]);
    expect(made.messages()).toContain(
      'Restart request received - restarting or terminating now...',
    );
  });

  it('takes a number as the version tag for what it is: a fault in the config', async () => {
    const made = await provisioned({
      config: machineConfig({ url: 'http://h:1/a', version: 7 }) as object,
    });
    await asked(made);
    expect(made.failures()[0]).toMatch(
      /^failed to create ota service from config:invalid url value/,
    );
  });
});

describe('trouble between the device and its cloud', () => {
  const PREFIX = 'a task returned the following error AppGrpcClientError';

  it('an expired token: it fails once, and logs in anew', async () => {
    const made = await provisioned();
    await asked(made);
    made.cloud.expireTokens();
    await asked(made);
    await asked(made);
    expect(made.failures()).toEqual([
      `${PREFIX}(GrpcError { code: 16, message: "there is no valid token" })`,
    ]);
    expect(made.kinds().at(-1)).toBe('polled');
  });

  it('a cloud that is down: it asks again a second later', async () => {
    const made = await provisioned();
    made.cloud.inject({ kind: 'unavailable', method: 'Config', times: 1 });
    const power = new AbortController();
    const run = made.device.run(POLL_MS, power.signal).catch(() => {});
    await made.clock.sleeperFor(UPLOAD_MS);
    await expect.poll(() => made.failures()).toHaveLength(1);
    await made.clock.advance(1000);
    await expect.poll(() => made.kinds()).toContain('polled');
    expect(made.clock.now()).toBe(new ManualClock().now() + 1000);
    expect(made.failures()).toEqual([
      `${PREFIX}(GrpcError { code: 14, message: "the service is down for maintenance" })`,
    ]);
    power.abort();
    await run;
  });

  it.each(['Authenticate', 'Config'])(
    'a cloud that never answers to %s: given up after 60 s',
    async (method) => {
      const made = await provisioned();
      made.cloud.inject({ kind: 'silent', method });
      const poll = asked(made);
      await made.clock.sleeperFor(60_000);
      await made.clock.advance(60_000);
      await poll;
      made.cloud.clearFaults();
      await asked(made);
      expect(made.failures()).toEqual(['error while getting machine config: request timed out']);
      // It had booted without a config, so the first one that comes is a new one.
      expect(made.events.slice(-2)).toMatchObject([
        { kind: 'polled' },
        { kind: 'rebooted', reason: 'config-changed' },
      ]);
    },
  );

  it('a cloud that answers late: no harm', async () => {
    const made = await provisioned();
    made.cloud.inject({ kind: 'slow', delayMs: 59_000, method: 'Config', times: 1 });
    const poll = asked(made);
    await made.clock.sleeperFor(59_000);
    await made.clock.advance(59_000);
    await poll;
    expect(made.failures()).toEqual([]);
    expect(made.kinds().at(-1)).toBe('polled');
  });

  it('a cloud that goes away and comes back', async () => {
    const made = await provisioned();
    await asked(made);
    await made.cloud[Symbol.asyncDispose]();
    await asked(made);
    await asked(made);
    await made.cloud.listen({ port: made.port });
    await asked(made);
    expect(made.failures()).toHaveLength(2);
    expect(made.failures()[1]).toMatch(/^couldn't connect to http:\S+ reason .*ECONNREFUSED/);
    expect(made.kinds().at(-1)).toBe('polled');
  });

  it('lines that could not be sent are lost, and the next ones arrive', async () => {
    const made = await provisioned();
    const { signal } = new AbortController();
    const write = (message: string) =>
      made.connection.write({
        timeMs: 0,
        uptimeMs: 0,
        level: 'warn',
        target: 'micro_rdk',
        message,
      });
    made.connection.discard();
    made.cloud.inject({ kind: 'unavailable', method: 'Log', times: 1 });
    write('lost');
    await expect(made.connection.upload(signal)).rejects.toThrow('code: 14');
    write('arrives');
    await made.connection.upload(signal);
    await made.connection.upload(signal);
    expect(made.messages()).toEqual(['arrives']);
  });

  it('of what it says between two uploads, the last 150 lines', async () => {
    const made = await provisioned();
    for (let index = 0; index < 200; index += 1) {
      const line = { timeMs: 1_500, uptimeMs: 0, level: 'info', target: 'micro_rdk' } as const;
      made.connection.write({ ...line, message: `line ${index}` });
    }
    await made.connection.upload(new AbortController().signal);
    expect(made.messages()).toHaveLength(150);
    expect(made.messages()[0]).toBe('line 50');
    expect(made.cloud.logs(made.part.id)[0]?.time).toMatchObject({
      seconds: 1n,
      nanos: 500_000_000,
    });
  });

  it.each([
    ['a wrong secret', 16, 'the credentials are not valid'],
    ['a device that is not permitted', 7, 'permission denied'],
  ])('%s: it erases its credentials, panics, and is of no more use', async (_what, code, said) => {
    const made = await provisioned(code === 16 ? { secret: 'wrong' } : {});
    if (code === 7) made.cloud.inject({ kind: 'denied', method: 'Authenticate', times: 1 });
    await asked(made);
    await asked(made);
    expect(made.events.at(-1)).toEqual({
      kind: 'deprovisioned',
      message: `AppGrpcClientError(GrpcError { code: ${code}, message: "${said}" })`,
    });
    expect(made.kinds()).toEqual(['booted', 'deprovisioned']);
    expect(made.log).toContain("thread 'main' panicked: erased credentials restart robot");
    expect(made.device.runningSlot).toBeNull();
    await expect(made.connection.fetch(new AbortController().signal, true)).rejects.toThrow(said);
  });
});

describe('what is no cloud at all', () => {
  const connected = async (origin: string) => {
    const identity = { appAddress: origin, id: 'part', secret: 'secret' };
    const connection = await DeviceConnection.create(identity);
    onTestFinished(() => connection[Symbol.dispose]());
    return connection.fetch(new AbortController().signal, true);
  };

  it.each([
    ['another status', 'http request error 503', { ':status': 503 }, []],
    ['no status', 'the answer has no grpc-status', { ':status': 200 }, []],
    ['half a message', 'there are 3 bytes', { ':status': 200, 'grpc-status': '0' }, [0, 0, 0]],
    [
      'a message that is none',
      'premature EOF',
      { ':status': 200, 'grpc-status': '0' },
      [0, 0, 0, 0, 2, 10, 9],
    ],
    [
      'a message that is not percent-encoded',
      '100% wrong',
      { ':status': 200, 'grpc-status': '2', 'grpc-message': '100% wrong' },
      [],
    ],
  ])('%s', async (_what, said, headers, body) => {
    await using server = await serveHttp2(({ stream }) => {
      stream.respond(headers);
      stream.end(Buffer.from(body));
    });
    await expect(connected(server.origin)).rejects.toThrow(said);
  });

  it('more of an answer than there can be', async () => {
    await using server = await serveHttp2(({ stream }) => {
      stream.respond({ ':status': 200, 'grpc-status': '0' });
      stream.end(Buffer.alloc(4 * 1024 * 1024 + 1));
    });
    await expect(connected(server.origin)).rejects.toThrow('more than 4194304 bytes of answer');
  });
});

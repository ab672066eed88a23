import { describe, expect, it, onTestFinished } from 'vitest';
import {
  type JsonObject,
  loadViamSdk,
  type ProtoMessage,
  type ProtoType,
} from '../../../src/machine-config/index.ts';
import { parseNvs } from '../../../src/flash-data/index.ts';
import { parsePartitionTable } from '../../../src/partition-table/index.ts';
import {
  type ConfigSource,
  createDial,
  createVirtualDevice,
  DeviceConnection,
  MicroRdk,
  type MicroRdkEvent,
  readMachineConfig,
  VirtualViamCloud,
} from '../../../src/simulator/index.ts';
import { encodeRobotConfig, revisionOf } from '../../../src/simulator/micro-rdk/robot-config.ts';
import { buildTestApp } from '../../support/build-image.ts';
import { respondWith, serveHttp2 } from '../../support/http2-server.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import { machineConfig, ota, SMALL_TABLE } from '../../support/micro-rdk.ts';

interface RobotConfig extends ProtoMessage {
  readonly revision: string;
  toJson(): JsonObject;
}

const { appRobotApi, Struct } = await loadViamSdk();
const { RobotConfig } = appRobotApi as unknown as { RobotConfig: ProtoType<RobotConfig> };

/** A virtual device with a real NVS, that polls when it is told to. */
async function device(source: ConfigSource | (() => string)) {
  const table = parsePartitionTable(new TextEncoder().encode(SMALL_TABLE));
  const made = await createVirtualDevice({ chip: 'esp32', table });
  const events: MicroRdkEvent[] = [];
  const log: string[] = [];
  const config =
    typeof source === 'function' ? { fetch: async () => readMachineConfig(source()) } : source;
  const microRdk = new MicroRdk({
    ...made,
    config,
    logs: { write: ({ message }) => log.push(message) },
    dial: createDial(),
    clock: new ManualClock(),
    onEvent: (event) => events.push(event),
  });
  await microRdk.powerOn();
  /** What the NVS partition holds, as any reader of flash sees it. */
  const kept = () => {
    const { variables } = parseNvs(made.flash.read(0x9000, 0x4000));
    const found = variables.find(({ key }) => key === 'ROBOT_CONFIG');
    expect(found?.namespace ?? 'VIAM_NS').toBe('VIAM_NS');
    return found?.value.type === 'blob' ? RobotConfig.fromBinary(found.value.bytes) : null;
  };
  const poll = () => microRdk.poll(new AbortController().signal);
  const reasons = () =>
    events.flatMap((event) => (event.kind === 'rebooted' ? [event.reason] : []));
  return { microRdk, kept, poll, log, reasons, values: made.values };
}

describe('the config that a micro-RDK keeps in its NVS', () => {
  it('is the one that it booted with, URL and all, until another comes', async () => {
    const service = ota('http://10.0.0.5:8080/a.bin?token=secret', '');
    let text = JSON.stringify(machineConfig(service));
    const { kept, poll, log, reasons } = await device(() => text);
    expect(kept()).toBeNull();
    await poll();
    expect(kept()?.toJson()).toMatchObject({
      services: [{ name: 'OTA', model: 'rdk:builtin:ota_service', attributes: service }],
    });
    expect(log).toContain('writing machine configuration to storage');
    const { revision } = kept() ?? {};
    text = JSON.stringify({ ...JSON.parse(text), theirs: 1 });
    await poll();
    expect(reasons()).toEqual(['config-changed']);
    expect(kept()).toBeNull();
    await poll();
    expect(kept()?.revision).not.toBe(revision);
    expect(reasons()).toEqual(['config-changed']);
  });

  it('is what the cloud sent, with all that is in it', async () => {
    const cloud = await VirtualViamCloud.create();
    onTestFinished(() => cloud[Symbol.asyncDispose]());
    const config = { components: [{ name: 'led', model: 'gpio' }], services: [] };
    const { id, secret } = cloud.addPart({ config });
    const { url } = await cloud.listen();
    const connection = await DeviceConnection.create({ appAddress: url, id, secret });
    onTestFinished(() => connection[Symbol.dispose]());
    const { kept, poll } = await device(connection);
    await poll();
    expect(kept()?.toJson()).toMatchObject({
      cloud: { id, secret },
      components: [{ name: 'led', model: 'rdk:builtin:gpio' }],
    });
    cloud.edit(id, (now) => ({ ...now, theirs: 1 }));
    await poll();
    expect(kept()).toBeNull();
  });

  it('is gone after an update that came with a new config', async () => {
    await using server = await serveHttp2(respondWith(await buildTestApp()));
    let text = '{}';
    const { kept, poll, reasons } = await device(() => text);
    await poll();
    expect(kept()).not.toBeNull();
    text = JSON.stringify(machineConfig(ota(server.origin, 'v2')));
    await poll();
    expect(reasons()).toEqual(['update']);
    expect(kept()).toBeNull();
  });

  it('is what it goes by when it boots without its cloud', async () => {
    let text: string | null = '{"a": 1}';
    const { microRdk, poll, reasons } = await device(() => {
      if (text === null) throw new Error('no route to host');
      return text;
    });
    await poll();
    text = null;
    await microRdk.powerOn();
    await poll();
    text = '{"a": 1}';
    await poll();
    expect(reasons()).toEqual([]);
    text = '{"a": 2}';
    await poll();
    expect(reasons()).toEqual(['config-changed']);
  });

  it('keeps it from nothing where it does not fit', async () => {
    const text = JSON.stringify(machineConfig(ota(`http://10.0.0.5:1/${'x'.repeat(20_000)}`, '')));
    const { kept, poll, log, reasons, values } = await device(() => text);
    await poll();
    expect(kept()).toBeNull();
    expect(log.join('\n')).toMatch(/couldn't store the machine configuration - reason NVS: /);
    await poll();
    expect(reasons()).toEqual([]);
    await values.set('OTA_VERSION', 'v1');
    expect(values.get('OTA_VERSION')).toBe('v1');
  });

  it('is read by Viam’s own code', () => {
    const attributes = { text: 'ä', yes: true, none: null, number: -1.5, list: [1, [], {}], o: {} };
    const services = [
      { name: 'OTA', model: 'm', attributes },
      { name: '', model: '', attributes: null },
    ];
    const bytes = encodeRobotConfig({ services, revision: 'r'.repeat(300) });
    const read = RobotConfig.fromBinary(bytes);
    expect(read.toJson()).toEqual({
      services: [{ name: 'OTA', model: 'm', attributes: Struct.fromJson(attributes).toJson() }, {}],
      revision: 'r'.repeat(300),
    });
    expect(revisionOf(bytes)).toBe(read.revision);
    for (const damaged of [[], [0xff], [7], [8, 1, 9, 0, 0, 0, 0, 0, 0, 0, 0, 0x0d, 1, 2, 3, 4]]) {
      expect(revisionOf(Uint8Array.from(damaged))).toBe('');
    }
  });
});

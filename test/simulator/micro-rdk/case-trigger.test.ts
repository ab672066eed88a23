import { describe, expect, it } from 'vitest';
import { buildTestApp } from '../../support/build-image.ts';
import { respondWith, serveHttp2 } from '../../support/http2-server.ts';
import { createTestDevice, machineConfig, ota } from '../../support/micro-rdk.ts';

const image = await buildTestApp({ descriptor: { version: '2.0.0' } });

describe('what makes the device update', () => {
  it('case 1: an image of known length over h2c is written, its tag stored, and it boots', async () => {
    await using server = await serveHttp2(respondWith(image));
    const { poll, values, device, flash, kinds, events } = await createTestDevice();
    await poll(ota(`${server.origin}/app.bin`));
    expect(kinds().filter((kind) => kind !== 'progress')).toEqual([
      'booted',
      'polled',
      'update',
      'written',
      'rebooted',
    ]);
    expect(events.at(-1)).toEqual({
      kind: 'rebooted',
      reason: 'update',
      slot: 'ota_1',
      version: '2.0.0',
      tag: 'v2',
      fellBack: false,
    });
    expect(values.get('OTA_VERSION')).toBe('v2');
    expect(device.runningSlot).toBe('ota_1');
    expect(Buffer.compare(flash.read(0x30000, image.length), image)).toBe(0);
    expect(
      server.requests.map(({ headers }) => Object.fromEntries(Object.entries(headers))),
    ).toEqual([
      {
        ':method': 'GET',
        ':scheme': 'http',
        ':authority': `127.0.0.1:${server.port}`,
        ':path': '/app.bin',
      },
    ]);
  });

  it('case 2: the same tag again makes no request', async () => {
    await using server = await serveHttp2(respondWith(image));
    const { poll, failures } = await createTestDevice();
    await poll(ota(`${server.origin}/app.bin`));
    await poll();
    await poll(ota(`${server.origin}/app.bin`));
    expect(server.requests).toHaveLength(1);
    expect(failures()).toEqual([]);
  });

  it('case 3: another URL alone makes no request, but the changed config a reboot', async () => {
    await using server = await serveHttp2(respondWith(image));
    const { poll, events } = await createTestDevice();
    await poll(ota(`${server.origin}/app.bin`));
    await poll();
    await poll(ota(`${server.origin}/other.bin`));
    expect(server.requests).toHaveLength(1);
    expect(events.at(-1)).toMatchObject({ kind: 'rebooted', reason: 'config-changed' });
  });

  it.each(['v1', 'V2', 'v2 ', ' v2', '', 'v10'])(
    'case 4: any other tag updates, also what looks older: %j',
    async (tag) => {
      await using server = await serveHttp2(respondWith(image));
      const { poll, values } = await createTestDevice();
      await poll(ota(`${server.origin}/app.bin`, 'v2'));
      await poll(ota(`${server.origin}/app.bin`, tag));
      expect(server.requests).toHaveLength(2);
      expect(values.get('OTA_VERSION')).toBe(tag);
    },
  );

  it('case 5: an empty tag on a new device makes no request', async () => {
    await using server = await serveHttp2(respondWith(image));
    const { poll, failures } = await createTestDevice();
    await poll(ota(`${server.origin}/app.bin`, ''));
    expect(server.requests).toHaveLength(0);
    expect(failures()).toEqual([]);
  });

  it.each([
    ['128 bytes', 'x'.repeat(128), null],
    [
      '129 bytes',
      'x'.repeat(129),
      `version ${'x'.repeat(129)} has length 129, maximum allowed characters is 128`,
    ],
    [
      '128 characters of 2 bytes',
      'é'.repeat(128),
      `version ${'é'.repeat(128)} has length 256, maximum allowed characters is 128`,
    ],
  ])('case 6: a tag of %s', async (_, tag, refusal) => {
    await using server = await serveHttp2(respondWith(image));
    const { poll, failures, values } = await createTestDevice();
    await poll(ota(`${server.origin}/app.bin`, tag));
    expect(failures()).toEqual(
      refusal === null ? [] : [`failed to create ota service from config:${refusal}`],
    );
    expect(values.get('OTA_VERSION')).toBe(refusal === null ? tag : null);
  });

  it.each([
    ['a number as version', { url: 'http://h:1/', version: 1.2 }, 'invalid url value: 1.2'],
    ['null as version', { url: 'http://h:1/', version: null }, 'invalid url value: null'],
    ['no version', { url: 'http://h:1/' }, 'required config attribute `version` not found'],
    ['no url', { version: 'v2' }, 'required config attribute `url` not found'],
    ['a number as url', { url: 7, version: 'v2' }, 'invalid url value: 7'],
    ['no attributes', null, 'OTA service config has no attributes'],
  ])('case 7: %s is a config error', async (_, attributes, reason) => {
    const { poll, failures, kinds, log } = await createTestDevice();
    await poll(attributes);
    expect(failures()).toEqual([`failed to create ota service from config:${reason}`]);
    expect(kinds()).not.toContain('update');
    expect(log.at(-1)).toContain(
      `failed to create ota service from config:${reason} - {"name":"OTA"`,
    );
  });

  it('case 34: of two OTA services the first one counts, and short model names none', async () => {
    await using server = await serveHttp2(respondWith(image));
    const { device, setConfig, values, events } = await createTestDevice();
    const signal = new AbortController().signal;
    const service = (version: string, model?: string) =>
      (machineConfig(ota(`${server.origin}/${version}`, version), model) as { services: unknown[] })
        .services[0];
    setConfig({
      services: [service('short', 'ota_service'), service('upper', 'RDK:builtin:ota_service')],
    });
    await device.poll(signal);
    expect(events.at(-1)).toEqual({ kind: 'polled', tag: null, storedTag: null, updates: false });
    setConfig({ services: [service('short', 'ota_service'), service('a'), service('b')] });
    await device.poll(signal);
    expect(server.requests.map(({ headers }) => headers[':path'])).toEqual(['/a']);
    expect(values.get('OTA_VERSION')).toBe('a');
  });
});

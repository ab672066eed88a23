import { connect as connectHttp2, constants } from 'node:http2';
import { X509Certificate } from 'node:crypto';
import { Agent, request as httpsRequest } from 'node:https';
import { createGrpcTransport } from '@connectrpc/connect-node';
import { afterEach, describe, expect, it } from 'vitest';
import { loadViamSdk, type ProtoMessage } from '../../../src/machine-config/index.ts';
import { VirtualViamCloud } from '../../../src/simulator/index.ts';

const CONFIG = {
  services: [{ name: 'OTA', model: 'ota_service', attributes: { url: 'u', version: 'v1' } }],
};

async function listening({ tls = false } = {}) {
  const cloud = await VirtualViamCloud.create();
  const key = cloud.addApiKey();
  const part = cloud.addPart({ config: CONFIG });
  const { url } = await cloud.listen({ tls });
  return { cloud, key, part, url, [Symbol.asyncDispose]: () => cloud[Symbol.asyncDispose]() };
}

function frame(message: Uint8Array): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt32BE(message.length, 1);
  return Buffer.concat([head, message]);
}

/** One call over bare HTTP/2, as a device makes it. */
async function call(
  url: string,
  path: string,
  message: ProtoMessage | Uint8Array,
  {
    token,
    ca,
    contentType = 'application/grpc',
  }: { token?: string; ca?: string; contentType?: string } = {},
) {
  const session = connectHttp2(url, ca === undefined ? {} : { ca });
  try {
    const stream = session.request({
      ':method': 'POST',
      ':path': path,
      'content-type': contentType,
      te: 'trailers',
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    });
    const trailers = Promise.withResolvers<Record<string, unknown>>();
    let status = 0;
    stream.on('response', (headers) => (status = Number(headers[constants.HTTP2_HEADER_STATUS])));
    stream.on('trailers', (found) => trailers.resolve(found));
    stream.on('close', () => trailers.resolve({}));
    stream.end(message instanceof Uint8Array ? message : frame(message.toBinary()));
    const chunks: Buffer[] = [];
    for await (const chunk of stream) chunks.push(chunk as Buffer);
    return { status, body: Buffer.concat(chunks), trailers: await trailers.promise };
  } finally {
    session.destroy();
  }
}

function stringField(number: number, value: string): Buffer {
  const bytes = Buffer.from(value);
  return Buffer.concat([Buffer.from([(number << 3) | 2, bytes.length]), bytes]);
}

/** `AuthenticateRequest` by hand: the bytes that any implementation of the proto files sends. */
function authenticateRequest(entity: string, type: string, payload: string): Buffer {
  const credentials = Buffer.concat([stringField(1, type), stringField(2, payload)]);
  return frame(
    Buffer.concat([
      stringField(1, entity),
      Buffer.from([(2 << 3) | 2, credentials.length]),
      credentials,
    ]),
  );
}

async function deviceToken({ url, part }: { url: string; part: { id: string; secret: string } }) {
  const request = authenticateRequest(part.id, 'robot-secret', part.secret);
  const { body } = await call(url, '/proto.rpc.v1.AuthService/Authenticate', request);
  return body.subarray(7).toString();
}

const ROBOT = '/viam.app.v1.RobotService';

describe('the device side, over bare HTTP/2', () => {
  it('gives a token for the robot secret, and the config with names written out', async () => {
    await using made = await listening();
    const { appRobotApi: api } = await loadViamSdk();
    const token = await deviceToken(made);
    const request = new api.ConfigRequest({ id: made.part.id });
    const { body, trailers } = await call(made.url, `${ROBOT}/Config`, request, { token });
    expect(trailers).toMatchObject({ 'grpc-status': '0' });
    const { config } = api.ConfigResponse.fromBinary(body.subarray(5));
    expect(config?.services).toMatchObject([
      { name: 'OTA', model: 'rdk:builtin:ota_service', api: 'rdk:service:generic' },
    ]);
    expect(config?.services[0]?.attributes?.toJson()).toEqual({ url: 'u', version: 'v1' });
    expect(config?.revision).toMatch(/^[0-9a-f]{32}$/);
  });

  it('gives another revision when the config changes, and the same while it does not', async () => {
    await using made = await listening();
    const { appRobotApi: api } = await loadViamSdk();
    const token = await deviceToken(made);
    const revision = async () => {
      const request = new api.ConfigRequest({ id: made.part.id });
      const { body } = await call(made.url, `${ROBOT}/Config`, request, { token });
      return api.ConfigResponse.fromBinary(body.subarray(5)).config?.revision;
    };
    const first = await revision();
    expect(await revision()).toBe(first);
    made.cloud.edit(made.part.id, (config) => ({ ...config, note: 1 }));
    expect(await revision()).not.toBe(first);
  });

  it('merges fragments with their variables and overrides into the config', async () => {
    await using made = await listening();
    const { appRobotApi: api } = await loadViamSdk();
    const fragment = made.cloud.addFragment({
      config: {
        services: [
          {
            name: 'OTA',
            model: 'ota_service',
            attributes: { url: { $variable: { name: 'u' } }, version: 'v1' },
          },
        ],
      },
    });
    made.cloud.edit(made.part.id, () => ({
      fragments: [{ id: fragment.id, variables: { u: 'from-variable' } }],
      fragment_mods: [
        {
          fragment_id: fragment.id,
          mods: [{ $set: { 'services.OTA.attributes.version': 'v2' } }],
        },
      ],
    }));
    const request = new api.ConfigRequest({ id: made.part.id });
    const token = await deviceToken(made);
    const { body } = await call(made.url, `${ROBOT}/Config`, request, { token });
    const { config } = api.ConfigResponse.fromBinary(body.subarray(5));
    expect(config?.services[0]?.attributes?.toJson()).toEqual({
      url: 'from-variable',
      version: 'v2',
    });
  });

  it('takes logs, says that no restart is needed, and hands out a certificate', async () => {
    await using made = await listening();
    const { appRobotApi: api } = await loadViamSdk();
    const token = await deviceToken(made);
    const { id } = made.part;
    const logs = [{ level: 'info', message: 'firmware update successful: version `v2`' }];
    await call(made.url, `${ROBOT}/Log`, new api.LogRequest({ id, logs }), { token });
    expect(made.cloud.logs(id)).toMatchObject(logs);
    const restart = await call(
      made.url,
      `${ROBOT}/NeedsRestart`,
      new api.NeedsRestartRequest({ id }),
      { token },
    );
    expect(api.NeedsRestartResponse.fromBinary(restart.body.subarray(5)).mustRestart).toBe(false);
    const { body } = await call(
      made.url,
      `${ROBOT}/Certificate`,
      new api.CertificateRequest({ id }),
      { token },
    );
    const { tlsCertificate } = api.CertificateResponse.fromBinary(body.subarray(5));
    expect(new X509Certificate(tlsCertificate).subject).toBe('CN=localhost');
  });

  it('lets a device ask about itself only', async () => {
    await using made = await listening();
    const { appRobotApi: api, appApi } = await loadViamSdk();
    const other = made.cloud.addPart({ config: {} });
    const token = await deviceToken(made);
    const config = await call(
      made.url,
      `${ROBOT}/Config`,
      new api.ConfigRequest({ id: other.id }),
      {
        token,
      },
    );
    expect(config.trailers).toMatchObject({ 'grpc-status': '7' });
    const app = await call(
      made.url,
      '/viam.app.v1.AppService/GetRobotPart',
      new appApi.GetRobotPartRequest({ id: made.part.id }),
      { token },
    );
    expect(app.trailers).toMatchObject({ 'grpc-status': '7' });
  });

  it('turns wrong credentials and missing tokens away', async () => {
    await using made = await listening();
    const { appRobotApi: api } = await loadViamSdk();
    for (const request of [
      authenticateRequest(made.part.id, 'robot-secret', 'wrong'),
      authenticateRequest('nobody', 'api-key', made.key.key),
      authenticateRequest(made.key.id, 'robot-secret', made.key.key),
    ]) {
      const { trailers } = await call(made.url, '/proto.rpc.v1.AuthService/Authenticate', request);
      expect(trailers).toMatchObject({ 'grpc-status': '16' });
    }
    const request = new api.ConfigRequest({ id: made.part.id });
    const { trailers } = await call(made.url, `${ROBOT}/Config`, request);
    expect(trailers).toMatchObject({ 'grpc-status': '16' });
  });

  it('answers UNIMPLEMENTED to other methods, and refuses what is no call', async () => {
    await using made = await listening();
    const unknown = await call(made.url, `${ROBOT}/SomethingNew`, frame(new Uint8Array()));
    expect(unknown.trailers).toMatchObject({ 'grpc-status': '12' });
    const token = await deviceToken(made);
    const path = `${ROBOT}/Config`;
    const broken = await call(made.url, path, Buffer.from([0, 0, 0, 0, 9, 1]), { token });
    expect(broken.trailers).toMatchObject({ 'grpc-status': '3' });
    const noProto = await call(made.url, path, frame(Buffer.from([0xff])), { token });
    expect(noProto.trailers).toMatchObject({ 'grpc-status': '3' });
    const packed = await call(made.url, path, Buffer.from([1, 0, 0, 0, 0]), { token });
    expect(packed.trailers).toMatchObject({ 'grpc-status': '12' });
    const plain = await call(made.url, path, Buffer.from('{}'), {
      contentType: 'application/json',
    });
    expect(plain.status).toBe(415);
    expect((await fetch(made.url)).status).toBe(405);
  });

  it('does the same under TLS, by ALPN and over HTTP/1.1', async () => {
    await using made = await listening({ tls: true });
    const ca = made.cloud.certificate;
    const url = made.url.replace('127.0.0.1', 'localhost');
    const request = authenticateRequest(made.part.id, 'robot-secret', made.part.secret);
    const path = '/proto.rpc.v1.AuthService/Authenticate';
    const { trailers } = await call(url, path, request, { ca });
    expect(trailers).toMatchObject({ 'grpc-status': '0' });
    const status = await new Promise((resolve, reject) => {
      const options = { agent: new Agent({ ca }), method: 'GET' };
      httpsRequest(url, options, (response) => resolve(response.resume().statusCode))
        .on('error', reject)
        .end();
    });
    expect(status).toBe(405);
  });
});

describe('an override', () => {
  it('reaches its service and no prototype', async () => {
    await using made = await listening();
    const { appRobotApi: api } = await loadViamSdk();
    const config = {
      services: [{ name: 'OTA', model: 'ota_service', attributes: { a: 1, b: 2 } }],
    };
    const fragment = made.cloud.addFragment({ config });
    const mods = [
      { $set: { 'services.OTA.__proto__.polluted': true, 'services.OTA.attributes.c.d': 3 } },
      { $unset: { 'services.OTA.attributes.a': 1 } },
      { $set: { 'services.nobody.attributes.a': 1 } },
    ];
    made.cloud.edit(made.part.id, () => ({
      fragments: [fragment.id],
      fragment_mods: [{ fragment_id: fragment.id, mods }],
    }));
    const request = new api.ConfigRequest({ id: made.part.id });
    const token = await deviceToken(made);
    const { body } = await call(made.url, `${ROBOT}/Config`, request, { token });
    const found = api.ConfigResponse.fromBinary(body.subarray(5)).config;
    expect(found?.services[0]?.attributes?.toJson()).toEqual({ b: 2, c: { d: 3 } });
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });
});

describe('gRPC-Web over HTTP/1.1', () => {
  it('puts the trailers into the body, in binary and in text', async () => {
    await using made = await listening();
    const body = authenticateRequest(made.key.id, 'api-key', made.key.key);
    const post = async (contentType: string, content: Buffer) => {
      const response = await fetch(`${made.url}/proto.rpc.v1.AuthService/Authenticate`, {
        method: 'POST',
        headers: { 'content-type': contentType },
        body: new Uint8Array(content),
      });
      expect(response.headers.get('content-type')).toBe(`${contentType}+proto`);
      return Buffer.from(await response.arrayBuffer());
    };
    const binary = await post('application/grpc-web', body);
    const length = binary.readUInt32BE(1);
    expect(binary[5 + length]).toBe(0x80);
    expect(binary.subarray(5 + length).toString()).toContain('grpc-status: 0\r\n');
    const text = await post('application/grpc-web-text', Buffer.from(body.toString('base64')));
    expect(text.toString()).toMatch(/^[A-Za-z0-9+/=]+$/);
  });

  it('refuses plain gRPC, whose trailers HTTP/1.1 clients do not read', async () => {
    await using made = await listening();
    const response = await fetch(`${made.url}/x`, {
      method: 'POST',
      headers: { 'content-type': 'application/grpc' },
    });
    expect(response.status).toBe(505);
  });
});

describe('the real SDK over gRPC on HTTP/2', () => {
  const global = globalThis as { VIAM?: unknown };
  afterEach(() => {
    delete global.VIAM;
  });

  it('works unchanged: parts, history, logs, and following logs', async () => {
    await using made = await listening();
    global.VIAM = {
      GRPC_TRANSPORT_FACTORY: (options: { baseUrl: string }) =>
        createGrpcTransport({ ...options, httpVersion: '2' }),
    };
    const sdk = await loadViamSdk();
    const { key, part, cloud } = made;
    const { appClient } = (await sdk.createViamClient({
      serviceHost: made.url,
      credentials: { type: 'api-key', authEntity: key.id, payload: key.key },
    })) as unknown as { appClient: SdkAppClient };
    await appClient.updateRobotPart(part.id, 'renamed', sdk.Struct.fromJson({ a: 1 }));
    const found = await appClient.getRobotPart(part.id);
    expect(found.configJson).toBe('{"a":1}');
    const [entry] = await appClient.getRobotPartHistory(part.id);
    expect(entry?.old.robotConfig.toJson()).toEqual(CONFIG);
    for (let index = 0; index < 150; index += 1) cloud.log(part.id, 'info', `line ${index}`);
    const first = await appClient.getRobotPartLogs(part.id, 'line');
    expect(first.logs.length).toBe(100);
    expect(first.logs[0]?.message).toBe('line 149');
    const rest = await appClient.getRobotPartLogs(part.id, 'line', [], first.nextPageToken);
    expect(rest.logs.at(-1)?.message).toBe('line 0');
    expect(rest.nextPageToken).toBe('');
    expect((await appClient.getRobotPartLogs(part.id, undefined, ['error'])).logs).toEqual([]);
    const followed: { message: string }[] = [];
    const following = appClient.tailRobotPartLogs(part.id, followed).catch(() => 'ended');
    await expect
      .poll(() => {
        cloud.log(part.id, 'info', 'as it happens');
        return followed[0]?.message;
      })
      .toBe('as it happens');
    await expect(appClient.listOrganizations()).rejects.toMatchObject({ code: 12 });
    await cloud[Symbol.asyncDispose]();
    expect(await following).toBe('ended');
  });
});

interface SdkAppClient {
  getRobotPart(id: string): Promise<{ configJson: string }>;
  updateRobotPart(id: string, name: string, config: ProtoMessage): Promise<unknown>;
  getRobotPartHistory(id: string): Promise<{ old: { robotConfig: ProtoMessage } }[]>;
  getRobotPartLogs(
    id: string,
    filter?: string,
    levels?: readonly string[],
    pageToken?: string,
  ): Promise<{ logs: readonly { message: string }[]; nextPageToken: string }>;
  tailRobotPartLogs(id: string, queue: { message: string }[]): Promise<unknown>;
  listOrganizations(): Promise<unknown>;
}

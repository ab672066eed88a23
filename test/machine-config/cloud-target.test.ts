import { describe, expect, it } from 'vitest';
import {
  fragmentTarget,
  type JsonObject,
  parseMachineConfig,
  partTarget,
  setOtaService,
  updateConfig,
  ViamCloud,
} from '../../src/machine-config/index.ts';
import { VirtualViamCloud } from '../../src/simulator/index.ts';
import { describeTargetContract } from './target-contract.ts';

const CONFIG = {
  services: [
    {
      name: 'OTA',
      model: 'rdk:builtin:ota_service',
      attributes: { url: 'http://10.0.0.5:8080/a.bin', version: 'v1' },
    },
  ],
};

/** A virtual cloud with a part and a fragment of the same config, and the real SDK connected to it. */
async function connected(
  config: object = CONFIG,
  role: 'operator' | 'reader' = 'operator',
  onWrite: () => void = () => {},
) {
  const virtual = await VirtualViamCloud.create({ onWrite });
  const { id, key } = virtual.addApiKey(role);
  const part = virtual.addPart({ name: 'rover-main', config: config as JsonObject });
  const fragment = virtual.addFragment({ name: 'fleet', config: config as JsonObject });
  const { url } = await virtual.listen();
  const credentials = { type: 'api-key', authEntity: id, payload: key } as const;
  const cloud = new ViamCloud({ host: url, credentials });
  return {
    virtual,
    url,
    credentials,
    cloud,
    part,
    fragment,
    target: partTarget(cloud, part.id),
    [Symbol.asyncDispose]: () => virtual[Symbol.asyncDispose](),
  };
}

describe('the config of a part, through the real SDK', () => {
  describeTargetContract(async (config) => {
    const made = await connected(config);
    const changeByOther = async (theirs: object) =>
      made.virtual.edit(made.part.id, () => theirs as JsonObject);
    return { ...made, changeByOther };
  });
});

describe('a fragment, through the real SDK', () => {
  describeTargetContract(async (config) => {
    const made = await connected(config);
    const changeByOther = async (theirs: object) =>
      made.virtual.edit(made.fragment.id, () => theirs as JsonObject);
    return { ...made, target: fragmentTarget(made.cloud, made.fragment.id), changeByOther };
  });
});

describe('the Viam cloud', () => {
  it('keeps the name of the part, and the order of its keys', async () => {
    await using made = await connected({ z: 1, a: { y: 1, b: 2 }, services: CONFIG.services });
    const before = await made.target.read();
    await made.target.write(setOtaService(before.text, { version: 'v2' }).text, before);
    expect(made.part.name).toBe('rover-main');
    expect(Object.keys(made.part.config)).toEqual(['z', 'a', 'services']);
    expect(made.part.history).toMatchObject([{ editedBy: made.credentials.authEntity }]);
  });

  it('reads the fragments that a part uses, and leaves out those that it does not find', async () => {
    await using made = await connected();
    made.virtual.edit(made.part.id, () => ({ fragments: ['gone', { id: made.fragment.id }] }));
    const { fragments } = await made.target.read();
    expect([...fragments]).toEqual([[made.fragment.id, CONFIG]]);
  });

  it('logs in again when the token has expired', async () => {
    await using made = await connected();
    await made.target.read();
    made.virtual.expireTokens();
    expect(parseMachineConfig((await made.target.read()).text).value).toEqual(CONFIG);
  });

  it('says that the key is wrong', async () => {
    await using made = await connected();
    const credentials = { ...made.credentials, payload: 'wrong' };
    const cloud = new ViamCloud({ host: made.url, credentials });
    await expect(partTarget(cloud, made.part.id).read()).rejects.toMatchObject({
      code: 'machine-config/not-authenticated',
      details: { host: made.url, status: 16 },
    });
  });

  it('says that the login has expired, and not that the key is wrong', async () => {
    await using made = await connected();
    made.virtual.inject({ kind: 'unauthenticated', method: 'GetRobotPart' });
    await expect(made.target.read()).rejects.toMatchObject({
      code: 'machine-config/login-expired',
      message: expect.stringContaining('the token has expired'),
    });
  });

  it('says that the key may not write, and has written nothing', async () => {
    await using made = await connected(CONFIG, 'reader');
    const edit = updateConfig(made.target, ({ text }) => setOtaService(text, { version: 'v2' }));
    await expect(edit).rejects.toMatchObject({ code: 'machine-config/not-permitted' });
    expect(made.part.config).toEqual(CONFIG);
  });

  it('says that there is no such part', async () => {
    await using made = await connected();
    await expect(partTarget(made.cloud, 'nope').read()).rejects.toMatchObject({
      code: 'machine-config/not-found',
      message: `${made.cloud.host} cannot read part nope: there is no part "nope"`,
    });
  });

  it('says that the cloud fails, is not there, or does not answer', async () => {
    await using made = await connected();
    made.virtual.inject({ kind: 'unavailable', method: 'GetRobotPart', times: 1 });
    const unreachable = { code: 'machine-config/cloud-unreachable' };
    await expect(made.target.read()).rejects.toMatchObject(unreachable);
    made.virtual.inject({ kind: 'silent', method: 'GetRobotPart' });
    const impatient = new ViamCloud({
      host: made.url,
      credentials: made.credentials,
      timeoutMs: 200,
    });
    await expect(partTarget(impatient, made.part.id).read()).rejects.toMatchObject({
      code: 'machine-config/cloud-unreachable',
      message: expect.stringContaining('did not answer within 0.2 s'),
    });
    await made.virtual[Symbol.asyncDispose]();
    const gone = new ViamCloud({ host: made.url, credentials: made.credentials });
    await expect(partTarget(gone, made.part.id).read()).rejects.toMatchObject(unreachable);
  });

  it('waits for a slow answer, and stops waiting when told to', async () => {
    await using made = await connected();
    made.virtual.inject({ kind: 'slow', delayMs: 20, times: 1 });
    await made.target.read();
    made.virtual.inject({ kind: 'silent', method: 'GetRobotPart' });
    const stop = new AbortController();
    const reading = made.target.read(stop.signal);
    stop.abort(new Error('enough'));
    await expect(reading).rejects.toThrow('enough');
  });

  it('reads what a write that was given up has written', async () => {
    await using made = await connected();
    const stop = new AbortController();
    const enough = new Error('enough');
    class Impatient extends ViamCloud {
      override call: ViamCloud['call'] = (what, work, signal) =>
        super.call(
          what,
          (client, sdk) => {
            const sent = work(client, sdk);
            if (what.startsWith('write')) stop.abort(enough);
            return sent;
          },
          signal,
        );
    }
    const cloud = new Impatient({ host: made.url, credentials: made.credentials });
    const target = partTarget(cloud, made.part.id);
    made.virtual.inject({ kind: 'slow', method: 'UpdateRobotPart', delayMs: 100 });
    const before = await target.read();
    const { text } = setOtaService(before.text, { version: 'v2' });
    await expect(target.write(text, before, stop.signal)).rejects.toBe(enough);
    expect(parseMachineConfig((await target.read()).text).value).toMatchObject({
      services: [{ attributes: { version: 'v2' } }],
    });
  });

  it('does not take a refusal of another kind for a conflict', async () => {
    await using made = await connected();
    const before = await made.target.read();
    made.virtual.inject({ kind: 'denied', method: 'UpdateRobotPart', times: 1 });
    await expect(made.target.write(before.text, before)).rejects.toMatchObject({
      code: 'machine-config/not-permitted',
    });
  });

  it('lets an edit survive that somebody saves between our read and our write', async () => {
    await using made = await connected();
    made.virtual.inject({ kind: 'concurrent-edit', method: 'UpdateRobotPart', times: 1 });
    await updateConfig(made.target, ({ text }) => setOtaService(text, { version: 'v2' }));
    expect(made.part.config).toMatchObject({
      notes: 'edited by somebody else; ',
      services: [{ attributes: { version: 'v2' } }],
    });
  });

  it.each([
    ['alone', (): JsonObject => ({})],
    ['and somebody saves something else right after', (): JsonObject => ({ theirs: true })],
  ])('recognises its own edit where the answer to the write is lost, %s', async (_what, theirs) => {
    const losses = [new Error('lost')];
    await using made = await connected(CONFIG, 'operator', () => {
      const lost = losses.pop();
      if (lost === undefined) return;
      made.virtual.edit(made.part.id, (config) => ({ ...config, ...theirs() }));
      throw lost;
    });
    let times = 0;
    const { before } = await updateConfig(made.target, ({ text }) => {
      times += 1;
      return setOtaService(text, { version: 'v2' });
    });
    expect(times).toBe(1);
    expect(parseMachineConfig(before.text).value).toEqual(CONFIG);
    expect(made.part.config).toMatchObject({
      ...theirs(),
      services: [{ attributes: { version: 'v2' } }],
    });
  });
});

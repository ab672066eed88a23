import { describe, expect, it } from 'vitest';
import {
  findOtaServices,
  fragmentTarget,
  type JsonObject,
  parseMachineConfig,
  partTarget,
  planOtaChange,
  setOtaService,
  updateConfig,
  validateMachineConfig,
  ViamCloud,
} from '../../src/machine-config/index.ts';
import { VirtualViamCloud } from '../../src/simulator/index.ts';
import { mergeFragments } from '../../src/simulator/viam-cloud/merged-config.ts';

const ota = (version: JsonObject | string, name = 'OTA') => ({
  name,
  model: 'rdk:builtin:ota_service',
  attributes: { url: 'http://10.0.0.5:8080/a.bin', version },
});

/** A virtual cloud whose fragment `fleet` has three revisions, the second one under the tag `stable`. */
async function connected() {
  const virtual = await VirtualViamCloud.create();
  virtual.addFragment({ id: 'fleet', config: { services: [ota('v1')] } });
  virtual.edit('fleet', () => ({ services: [ota('v2')] }));
  virtual.tagFragment('fleet', 'stable');
  virtual.edit('fleet', () => ({ services: [ota('v3')] }));
  const { id, key } = virtual.addApiKey();
  const { url } = await virtual.listen();
  const credentials = { type: 'api-key', authEntity: id, payload: key } as const;
  const cloud = new ViamCloud({ host: url, credentials });
  const addPart = (...fragments: JsonObject[]) => {
    const part = virtual.addPart({ config: { fragments } });
    return { part, target: partTarget(cloud, part.id) };
  };
  return {
    virtual,
    addPart,
    target: fragmentTarget(cloud, 'fleet'),
    fragment: (fragmentId: string) => fragmentTarget(cloud, fragmentId),
    [Symbol.asyncDispose]: () => virtual[Symbol.asyncDispose](),
  };
}

describe('a part that uses a fragment at a version', () => {
  it.each([
    ['the newest one, where none is named', {}, 'v3'],
    ['an empty one, which is none', { version: '' }, 'v3'],
    ['a revision', { version: '1' }, 'v1'],
    ['a revision as a number', { version: 1 }, 'v1'],
    ['a tag', { version: 'stable' }, 'v2'],
  ])('gets %s', async (_what, pin, version) => {
    await using made = await connected();
    const { target } = made.addPart({ id: 'fleet', ...pin });
    const { text, fragments } = await target.read();
    const { value } = parseMachineConfig(text);
    expect(findOtaServices(value, fragments)).toMatchObject([{ name: 'OTA', version }]);
    expect(validateMachineConfig(parseMachineConfig(text), fragments)).toEqual([]);
  });

  it('gets what the stand-in for the app hands its device', async () => {
    await using made = await connected();
    const { part, target } = made.addPart(
      { id: 'fleet', version: 'stable' },
      { id: 'fleet', version: '1', prefix: 'old' },
      { id: 'fleet', prefix: 'new' },
    );
    const { text, fragments } = await target.read();
    expect([...fragments.keys()]).toEqual(['fleet@stable', 'fleet@1', 'fleet']);
    const found = findOtaServices(parseMachineConfig(text).value, fragments);
    const seen = found.map(({ name, version }) => [name, version]);
    expect(seen).toEqual([
      ['OTA', 'v2'],
      ['old-OTA', 'v1'],
      ['new-OTA', 'v3'],
    ]);
    const contents = new Map([...fragments].map(([key, content]) => [key, content]));
    const { services } = mergeFragments(part.config, (id, version) =>
      contents.get(version === undefined ? id : `${id}@${version}`),
    ) as { services: readonly ReturnType<typeof ota>[] };
    expect(services.map(({ name, attributes }) => [name, attributes.version])).toEqual(seen);
  });

  it('is edited for itself alone, and its pin stays', async () => {
    await using made = await connected();
    const { part, target } = made.addPart({ id: 'fleet', version: 'stable' });
    await updateConfig(target, (snapshot) =>
      setOtaService(snapshot.text, { version: 'v9' }, snapshot),
    );
    expect(part.config).toEqual({
      fragments: [{ id: 'fleet', version: 'stable' }],
      fragment_mods: [
        { fragment_id: 'fleet', mods: [{ $set: { 'services.OTA.attributes.version': 'v9' } }] },
      ],
    });
  });

  it('says so where there is no such version', async () => {
    await using made = await connected();
    const { target } = made.addPart({ id: 'fleet', version: 'beta' });
    const { text, fragments } = await target.read();
    expect(validateMachineConfig(parseMachineConfig(text), fragments)).toMatchObject([
      { code: 'machine-config/no-service' },
      {
        code: 'machine-config/fragment-not-read',
        message: expect.stringContaining('fragment fleet at version "beta"'),
      },
    ]);
  });

  it('reads what is inside the version that is named, at the version that this one names', async () => {
    await using made = await connected();
    made.virtual.addFragment({
      id: 'outer',
      config: { fragments: [{ id: 'fleet', version: '1' }] },
    });
    made.virtual.edit('outer', () => ({ fragments: ['fleet'] }));
    const { target } = made.addPart({ id: 'outer', version: '1' }, { id: 'outer', prefix: 'b' });
    const { text, fragments } = await target.read();
    const found = findOtaServices(parseMachineConfig(text).value, fragments);
    expect(found.map(({ name, version }) => [name, version])).toEqual([
      ['OTA', 'v1'],
      ['b-OTA', 'v3'],
    ]);
  });
});

describe('an edit of a fragment', () => {
  const planned = async (made: Awaited<ReturnType<typeof connected>>) =>
    planOtaChange(await made.target.read(), () => ({ version: 'v4' })).issues;

  it('says which machines it does not reach', async () => {
    await using made = await connected();
    made.addPart({ id: 'fleet' });
    expect(await planned(made)).toEqual([]);
    made.addPart({ id: 'fleet', version: 'stable' });
    made.addPart(
      { id: 'fleet', version: 'stable' },
      { id: 'fleet', prefix: 'again', version: 'stable' },
    );
    made.virtual.addFragment({
      id: 'outer',
      config: { fragments: [{ id: 'fleet', version: '1' }] },
    });
    made.addPart({ id: 'outer' });
    expect(await planned(made)).toMatchObject([
      {
        code: 'machine-config/fragment-pinned',
        severity: 'warning',
        message: '2 machines use the fragment at version "stable", and no edit of it gets there',
        hint: expect.stringContaining('Move the tag "stable"'),
      },
      {
        code: 'machine-config/fragment-pinned',
        message: '1 machine uses the fragment at version "1", and no edit of it gets there',
        hint: expect.stringContaining('Take the version out'),
      },
    ]);
  });

  it('names the tags where the app does not tell who uses them', async () => {
    await using made = await connected();
    made.addPart({ id: 'fleet', version: 'stable' });
    made.virtual.inject({ kind: 'denied', method: 'GetFragmentUsage' });
    expect(await planned(made)).toMatchObject([
      {
        code: 'machine-config/fragment-pinned',
        message: 'machines may use the fragment at its tag "stable", and no edit of it gets there',
      },
    ]);
  });

  it('does not fail because nobody can tell', async () => {
    await using made = await connected();
    made.virtual.addFragment({ id: 'plain', config: { services: [ota('v1')] } });
    made.virtual.inject({ kind: 'unavailable', method: 'GetFragmentUsage' });
    const snapshot = await made.fragment('plain').read();
    expect(snapshot.pins).toEqual([]);
    expect(planOtaChange(snapshot, () => ({ version: 'v4' })).issues).toEqual([]);
  });
});

describe('a fragment that has others inside', () => {
  const inside = (config: JsonObject) => async () => {
    const made = await connected();
    made.virtual.addFragment({ id: 'outer', config });
    return { ...made, target: made.fragment('outer') };
  };

  it('is searched through all levels, and its own service comes last', async () => {
    await using made = await inside({ fragments: ['fleet'], services: [ota('v0', 'own')] })();
    const { text, fragments, kind } = await made.target.read();
    expect(kind).toBe('fragment');
    const found = findOtaServices(parseMachineConfig(text).value, fragments, kind);
    expect(found.map(({ name }) => name)).toEqual(['OTA', 'own']);
    const { issues } = planOtaChange({ text, fragments, kind }, () => ({ version: 'v4' }), {
      service: 'own',
    });
    expect(issues).toMatchObject([{ code: 'machine-config/not-first-service' }]);
  });

  it('sets the service inside for those that use this one, and adds no second', async () => {
    await using made = await inside({ fragments: [{ id: 'fleet', version: 'stable' }] })();
    const snapshot = await made.target.read();
    const { edit, issues } = planOtaChange(snapshot, () => ({ version: 'v4' }));
    expect(issues).toEqual([]);
    expect(JSON.parse(edit?.text ?? '')).toEqual({
      fragments: [{ id: 'fleet', version: 'stable' }],
      fragment_mods: [
        { fragment_id: 'fleet', mods: [{ $set: { 'services.OTA.attributes.version': 'v4' } }] },
      ],
    });
    await made.target.write(edit?.text ?? '', snapshot);
    const { target } = made.addPart({ id: 'outer' });
    const { text, fragments } = await target.read();
    const found = findOtaServices(parseMachineConfig(text).value, fragments);
    expect(found).toMatchObject([{ name: 'OTA', version: 'v4' }]);
  });

  it('leaves a variable to the machines that set it', async () => {
    await using made = await inside({ fragments: ['fleet'] })();
    const $variable = { name: 'tag', default_value: 'v0' };
    made.virtual.edit('fleet', () => ({ services: [ota({ $variable })] }));
    const refused = { code: 'machine-config/variable' };
    const snapshot = await made.target.read();
    expect(() => planOtaChange(snapshot, () => ({ version: 'v4' }))).toThrow(
      expect.objectContaining(refused),
    );
    made.virtual.edit('outer', () => ({ fragments: [{ id: 'fleet', variables: { tag: 'v1' } }] }));
    const { edit } = planOtaChange(await made.target.read(), () => ({ version: 'v4' }));
    expect(JSON.parse(edit?.text ?? '')).toEqual({
      fragments: [{ id: 'fleet', variables: { tag: 'v4' } }],
    });
    const handedOn = { tag: { $variable: { name: 'machine_tag' } } };
    made.virtual.edit('outer', () => ({ fragments: [{ id: 'fleet', variables: handedOn }] }));
    const latest = await made.target.read();
    expect(() => setOtaService(latest.text, { version: 'v4' }, latest)).toThrow(
      expect.objectContaining(refused),
    );
  });
});

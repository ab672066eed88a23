import { describe, expect, it, onTestFinished } from 'vitest';
import {
  findOtaServices,
  type Fragments,
  type JsonObject,
  parseMachineConfig,
  partTarget,
  setOtaService,
  undoEdit,
  undoOf,
  updateConfig,
  validateMachineConfig,
  ViamCloud,
} from '../../src/machine-config/index.ts';
import { VirtualViamCloud } from '../../src/simulator/index.ts';
import { mergeFragments } from '../../src/simulator/viam-cloud/merged-config.ts';

const URL_THERE = 'http://10.0.0.5:8080/a.bin';
const variable = (name: string, fallback?: string): JsonObject => ({
  $variable: { name, ...(fallback === undefined ? {} : { default_value: fallback }) },
});
const ota = (version: JsonObject | string, name = 'OTA') => ({
  name,
  model: 'rdk:builtin:ota_service',
  attributes: { url: URL_THERE, version },
});
const known = (contents: Readonly<Record<string, JsonObject>>): Fragments =>
  new Map(Object.entries(contents));

interface Case {
  readonly config: JsonObject;
  readonly fragments: Readonly<Record<string, JsonObject>>;
  /** The services as the device meets them: name and version. */
  readonly expected: readonly (readonly [string, string | undefined])[];
}

const CASES: Readonly<Record<string, Case>> = {
  'one inside another': {
    config: { fragments: ['outer'] },
    fragments: { outer: { fragments: [{ id: 'inner' }] }, inner: { services: [ota('v1')] } },
    expected: [['OTA', 'v1']],
  },
  'those inside come first': {
    config: { fragments: [{ id: 'outer' }] },
    fragments: {
      outer: { fragments: ['inner'], services: [ota('v1', 'outer')] },
      inner: { services: [ota('v2', 'inner')] },
    },
    expected: [
      ['inner', 'v2'],
      ['outer', 'v1'],
    ],
  },
  'one that is switched off': {
    config: { fragments: [{ id: 'off', disabled: true }, { id: 'outer' }] },
    fragments: {
      off: { services: [ota('v0')] },
      outer: { fragments: [{ id: 'off', disabled: true }], services: [ota('v1')] },
    },
    expected: [['OTA', 'v1']],
  },
  'a variable of the machine, seen from inside': {
    config: { fragments: [{ id: 'outer', variables: { tag: 'v7' } }] },
    fragments: {
      outer: { fragments: ['inner'] },
      inner: { services: [ota(variable('tag', 'v0'))] },
    },
    expected: [['OTA', 'v7']],
  },
  'a variable that is handed on under another name': {
    config: { fragments: [{ id: 'outer', variables: { machine_tag: 'v7' } }] },
    fragments: {
      outer: { fragments: [{ id: 'inner', variables: { tag: variable('machine_tag') } }] },
      inner: { services: [ota(variable('tag', 'v0'))] },
    },
    expected: [['OTA', 'v7']],
  },
  'a variable that the fragment around it sets': {
    config: { fragments: [{ id: 'outer', variables: { tag: 'v7' } }] },
    fragments: {
      outer: { fragments: [{ id: 'inner', variables: { tag: 'v5' } }] },
      inner: { services: [ota(variable('tag', 'v0'))] },
    },
    expected: [['OTA', 'v5']],
  },
  'a value that nobody sets': {
    config: { fragments: ['outer'] },
    fragments: {
      outer: { fragments: ['inner'] },
      inner: { services: [ota(variable('tag', 'v0'))] },
    },
    expected: [['OTA', 'v0']],
  },
  'the machine overrides what is inside, by the name of its own fragment': {
    config: {
      fragments: ['outer'],
      fragment_mods: [
        { fragment_id: 'outer', mods: [{ $set: { 'services.OTA.attributes.version': 'v9' } }] },
      ],
    },
    fragments: { outer: { fragments: ['inner'] }, inner: { services: [ota('v1')] } },
    expected: [['OTA', 'v9']],
  },
  'a fragment overrides what is inside it': {
    config: { fragments: ['outer'] },
    fragments: {
      outer: {
        fragments: ['inner'],
        fragment_mods: [
          { fragment_id: 'inner', mods: [{ $set: { 'services.OTA.attributes.version': 'v3' } }] },
        ],
      },
      inner: { services: [ota('v1')] },
    },
    expected: [['OTA', 'v3']],
  },
  'twice, with prefixes': {
    config: {
      fragments: [
        { id: 'outer', prefix: 'front' },
        { id: 'inner', prefix: 'back' },
      ],
    },
    fragments: {
      outer: { fragments: [{ id: 'inner', prefix: 'left' }] },
      inner: { services: [ota('v1')] },
    },
    expected: [
      ['front-left-OTA', 'v1'],
      ['back-OTA', 'v1'],
    ],
  },
  'a circle': {
    config: { fragments: ['a'] },
    fragments: {
      a: { fragments: ['b'], services: [ota('v1', 'a')] },
      b: { fragments: ['a'], services: [ota('v2', 'b')] },
    },
    expected: [
      ['b', 'v2'],
      ['a', 'v1'],
    ],
  },
  'five levels, and no sixth': {
    config: { fragments: ['1'] },
    fragments: {
      '1': { fragments: ['2'] },
      '2': { fragments: ['3'] },
      '3': { fragments: ['4'] },
      '4': { fragments: ['5'] },
      '5': { fragments: ['6'], services: [ota('v5', 'five')] },
      '6': { services: [ota('v6', 'six')] },
    },
    expected: [['five', 'v5']],
  },
};

describe('fragments inside fragments', () => {
  it.each(Object.entries(CASES))('%s', (_name, { config, fragments, expected }) => {
    const found = findOtaServices(config, known(fragments));
    expect(found.map(({ name, version }) => [name, version])).toEqual(expected);
    // The stand-in for the app, which does not know this module, hands its device the same.
    const { services } = mergeFragments(config, (id) => fragments[id]) as {
      services: readonly { name: string; attributes: { version?: string } }[];
    };
    expect(services.map(({ name, attributes }) => [name, attributes.version])).toEqual(expected);
  });

  const deviceSees = (text: string, fragments: Readonly<Record<string, JsonObject>>) => {
    const { value } = parseMachineConfig(text);
    return mergeFragments(value, (id) => fragments[id])['services'];
  };

  it('sets a service of an inner fragment for this machine alone, and undoes it', async () => {
    for (const name of [
      'one inside another',
      'a variable of the machine, seen from inside',
      'a variable that the fragment around it sets',
      'the machine overrides what is inside, by the name of its own fragment',
    ]) {
      const { config, fragments } = CASES[name] as Case;
      const text = JSON.stringify(config, null, 2);
      const options = { fragments: known(fragments) };
      const edit = setOtaService(text, { version: 'v42' }, options);
      expect(deviceSees(edit.text, fragments)).toEqual([ota('v42')]);
      const undo = await undoOf(text, edit);
      expect(await undoEdit(edit.text, undo, options)).toBe(text);
      const theirs = edit.text.replace('{', '{\n  "theirs": 1,');
      const [, before = ''] = (CASES[name] as Case).expected[0] ?? [];
      const back = await undoEdit(theirs, undo, options);
      expect(deviceSees(back, fragments)).toEqual([ota(before)]);
      expect(parseMachineConfig(back).value['theirs']).toBe(1);
    }
  });

  it('sets the variable that is the machine’s own', () => {
    const { config, fragments } = CASES['a variable of the machine, seen from inside'] as Case;
    const { text } = setOtaService(
      JSON.stringify(config),
      { version: 'v8' },
      { fragments: known(fragments) },
    );
    expect(JSON.parse(text)).toEqual({ fragments: [{ id: 'outer', variables: { tag: 'v8' } }] });
  });

  it('makes up no override for what has a prefix, and changes the one that is there', () => {
    const config = { fragments: [{ id: 'a', prefix: 'front' }] };
    const fragments = { a: { services: [ota('v1')] } };
    expect(() =>
      setOtaService(JSON.stringify(config), { version: 'v2' }, { fragments: known(fragments) }),
    ).toThrow(expect.objectContaining({ code: 'machine-config/prefixed' }));
    const path = 'services.front-OTA.attributes.version';
    const mods = [{ fragment_id: 'a', prefix: 'front', mods: [{ $set: { [path]: 'v2' } }] }];
    const overridden = JSON.stringify({ ...config, fragment_mods: mods });
    const { text } = setOtaService(overridden, { version: 'v3' }, { fragments: known(fragments) });
    expect(deviceSees(text, fragments)).toEqual([ota('v3', 'front-OTA')]);
  });

  it('is read from the app through all levels, each fragment once', async () => {
    const cloud = await VirtualViamCloud.create();
    onTestFinished(() => cloud[Symbol.asyncDispose]());
    const { config, fragments } = CASES['five levels, and no sixth'] as Case;
    for (const [id, content] of Object.entries(fragments)) {
      cloud.addFragment({
        id,
        config: { ...content, fragments: ['1', ...((content['fragments'] as string[]) ?? [])] },
      });
    }
    const part = cloud.addPart({ config });
    const { id, key } = cloud.addApiKey();
    const { url } = await cloud.listen();
    const credentials = { type: 'api-key', authEntity: id, payload: key } as const;
    const target = partTarget(new ViamCloud({ host: url, credentials }), part.id);
    const { text, fragments: read } = await target.read();
    expect([...read.keys()]).toEqual(['1', '2', '3', '4', '5']);
    const issues = validateMachineConfig(parseMachineConfig(text), read);
    expect(issues.map(({ code }) => code)).toEqual([]);
    await updateConfig(target, (snapshot) =>
      setOtaService(snapshot.text, { version: 'v6' }, snapshot),
    );
    expect(findOtaServices(part.config, read)).toMatchObject([{ name: 'five', version: 'v6' }]);
  });
});

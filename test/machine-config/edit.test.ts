import * as fc from '../support/property.ts';
import { describe, expect, it } from 'vitest';
import {
  findOtaServices,
  type JsonObject,
  type JsonValue,
  parseMachineConfig,
  sameJson,
  setOtaService,
  undoEdit,
  undoOf,
} from '../../src/machine-config/index.ts';
import { fixture } from './fixture.ts';

const NEW = { url: 'http://192.168.1.9:3232/new.bin', version: 'v9' };

/** The lines that an edit replaced, and by what. */
function changedLines(before: string, after: string) {
  const [old, now] = [before.split('\n'), after.split('\n')];
  return {
    removed: old.filter((line) => !now.includes(line)).map((line) => line.trim()),
    added: now.filter((line) => !old.includes(line)).map((line) => line.trim()),
  };
}

const FRAGMENT: JsonObject = {
  services: [
    {
      name: 'OTA',
      model: 'rdk:builtin:ota_service',
      attributes: {
        url: 'http://10.0.0.5:8080/a.bin',
        version: { $variable: { name: 'ota_version', default_value: 'v0' } },
      },
    },
  ],
};

describe('setOtaService', () => {
  it('changes the two values and nothing else', () => {
    const text = fixture('app-triplet.json');
    const edit = setOtaService(text, NEW);
    expect(changedLines(text, edit.text)).toEqual({
      removed: [
        '"url": "http://192.168.1.20:3232/app.bin?token=abcdef0123456789",',
        '"version": "v1.0.0"',
      ],
      added: [`"url": "${NEW.url}",`, '"version": "v9"'],
    });
    expect(edit.before).toMatchObject({ name: 'OTA', version: 'v1.0.0' });
    expect(edit.after).toMatchObject(NEW);
  });

  it('finds the older spelling of the model and leaves it', () => {
    const edit = setOtaService(fixture('legacy-short-name.json'), { version: 'v9' });
    expect(edit.after).toMatchObject({ model: 'ota_service', version: 'v9' });
    expect(edit.text).toContain('\t\t{ "type": "generic"');
  });

  it('makes a string of a numeric version, in a config without any blanks', () => {
    const text = fixture('numeric-version-minified.json');
    expect(setOtaService(text, { version: 'v9' }).text).toBe(
      text.replace('"version":7', '"version":"v9"'),
    );
  });

  it('leaves comments, trailing commas, CRLF and the byte order mark where they are', () => {
    const text = fixture('comments-pasted-in.jsonc');
    expect(setOtaService(text, { version: 'v4' }).text).toBe(text.replace('"v3"', '"v4"'));
  });

  it('names several services, and takes the one that is chosen', () => {
    const text = fixture('several-services.json');
    expect(() => setOtaService(text, NEW)).toThrow(
      expect.objectContaining({
        code: 'machine-config/several-services',
        message: expect.stringContaining('cam-ota, OTA'),
      }),
    );
    const { text: edited } = setOtaService(text, { version: 'v9' }, { service: 'OTA' });
    expect(edited).toBe(text.replace('"version": "b"', '"version": "v9"'));
    expect(() => setOtaService(text, NEW, { service: 'nope' })).toThrow(
      expect.objectContaining({ code: 'machine-config/no-such-service' }),
    );
  });

  it.each([
    ['an empty config', '{}', '{\n  "services": [\n    {\n      %'],
    ['a config of one line', '{"a": 1}', '{"a": 1, "services": [%'],
    ['an empty list, spread out', '{\n  "services": []\n}\n', null],
    ['another service', fixture('several-services.json').replaceAll('ota_service', 'x'), null],
    ['a null list', '{"services":null}', '{"services":[%]}'],
    ['no list, with tabs', '{\n\t"network": {}\n}', null],
  ])('adds the service with the triplet to %s', (_what, text, expected) => {
    const edit = setOtaService(text, NEW);
    expect(edit.before).toBeNull();
    expect(findOtaServices(parseMachineConfig(edit.text).value)).toMatchObject([
      { name: 'OTA', model: 'rdk:builtin:ota_service', ...NEW },
    ]);
    const entry = { name: 'OTA', api: 'rdk:service:generic', model: 'rdk:builtin:ota_service' };
    expect((parseMachineConfig(edit.text).value['services'] as JsonValue[]).at(-1)).toEqual({
      ...entry,
      attributes: NEW,
    });
    if (expected !== null) {
      const start = expected.slice(0, expected.indexOf('%'));
      expect(edit.text.startsWith(start)).toBe(true);
    }
    if (text.includes('\t')) expect(edit.text).toContain('\n\t"services": [\n\t\t{\n\t\t\t"name"');
    if (text.endsWith('\n')) expect(edit.text.endsWith('\n')).toBe(true);
  });

  it('adds what an OTA service without attributes lacks', () => {
    const text = '{"services": [{"name": "OTA", "model": "ota_service"}]}';
    expect(setOtaService(text, NEW).after).toMatchObject(NEW);
    const nulls = '{"services": [{"model": "ota_service", "attributes": null}]}';
    expect(setOtaService(nulls, NEW).after).toMatchObject({ name: 'services[0]', ...NEW });
  });

  it('refuses a config whose services or attributes are of another type', () => {
    for (const text of [
      '{"services": {}}',
      '{"services": [{"model": "ota_service", "attributes": 7}]}',
    ]) {
      expect(() => setOtaService(text, NEW)).toThrow(
        expect.objectContaining({ code: 'machine-config/shape' }),
      );
    }
  });

  it('sets the variable that the fragment has for the version, and overrides the rest', () => {
    const text = fixture('fragment-variables.json');
    const fragments = new Map([['frag-1@stable', FRAGMENT]]);
    const edit = setOtaService(text, NEW, { fragments });
    expect(edit.before).toMatchObject({ name: 'OTA', version: 'v1' });
    expect(edit.after).toMatchObject(NEW);
    const { value } = parseMachineConfig(edit.text);
    expect(value['fragments']).toEqual([
      { id: 'frag-1', version: 'stable', variables: { ota_version: 'v9', room: 'kitchen' } },
      'frag-2',
    ]);
    expect(value['fragment_mods']).toEqual([
      { fragment_id: 'frag-1', mods: [{ $set: { 'services.OTA.attributes.url': NEW.url } }] },
    ]);
  });

  it('gives a fragment that is named by a plain string its variables', () => {
    const fragments = new Map([['frag-1', FRAGMENT]]);
    const edit = setOtaService('{"fragments": ["frag-1"]}', { version: 'v9' }, { fragments });
    expect(edit.before?.version).toBe('v0');
    expect(edit.text).toBe('{"fragments": [{"id": "frag-1", "variables": {"ota_version": "v9"}}]}');
  });

  it('changes the override that wins, known from fragment_mods alone', () => {
    const text = fixture('fragment-mods.json');
    const edit = setOtaService(text, { version: 'v9' });
    expect(edit.before).toMatchObject({ name: 'OTA', model: null, version: 'v2' });
    expect(edit.text).toBe(text.replace('"v2"', '"v9"'));
    const whole =
      '{"fragments": ["f"], "fragment_mods": [{"fragment_id": "f", "mods": [{"$set": {"services.OTA.attributes": {"url": "u", "version": "v1"}}}]}]}';
    expect(setOtaService(whole, { version: 'v9' }).text).toBe(whole.replace('v1', 'v9'));
  });

  it('refuses to put a plain value where a fragment has a variable', () => {
    expect(() => setOtaService(JSON.stringify(FRAGMENT), { version: 'v9' })).toThrow(
      expect.objectContaining({ code: 'machine-config/variable' }),
    );
  });
});

const leaf = fc.oneof(fc.string(), fc.double({ noNaN: true }), fc.boolean(), fc.constant(null));
const json: fc.Arbitrary<JsonValue> = fc.letrec<{ value: JsonValue }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    leaf,
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(fc.string(), tie('value'), { maxKeys: 4 }),
  ),
})).value;

const service = fc.record(
  {
    name: fc.constant('OTA'),
    model: fc.constantFrom('ota_service', 'rdk:builtin:ota_service'),
    attributes: fc.record({ url: leaf, version: leaf, other: json }, { requiredKeys: [] }),
    extra: json,
  },
  { requiredKeys: ['name', 'model'] },
);

const config = fc
  .record(
    {
      before: json,
      services: fc
        .tuple(fc.array(fc.dictionary(fc.string(), json)), fc.option(service), fc.array(json))
        .map(([a, ota, b]) => [...a, ...(ota === null ? [] : [ota]), ...b] as JsonValue[]),
      after: json,
    },
    { requiredKeys: [] },
  )
  .map((value) => value as JsonObject);

const text = fc
  .tuple(config, fc.constantFrom(undefined, 1, 2, 4, '\t'), fc.constantFrom('', '\n', '\r\n\n'))
  .map(([value, indent, end]) => JSON.stringify(value, null, indent) + end)
  .chain((plain) =>
    fc
      .tuple(fc.boolean(), fc.constantFrom('', '\u{FEFF}'))
      .map(([crlf, mark]) => mark + (crlf ? plain.replaceAll(/\r?\n/g, '\r\n') : plain)),
  );

const settings = fc.record(
  { url: fc.webUrl(), version: fc.string({ minLength: 1 }) },
  { requiredKeys: ['version'] },
);

describe('an edit and its undoing', () => {
  it('are byte-identical for any config in any formatting', async () => {
    await fc.assert(
      fc.asyncProperty(text, settings, async (original, wanted) => {
        const edit = setOtaService(original, wanted);
        expect(edit.after).toMatchObject(wanted);
        const kept = JSON.parse(JSON.stringify(await undoOf(original, edit))) as never;
        expect(await undoEdit(edit.text, kept)).toBe(original);
      }),
    );
  });

  it('takes a byte order mark for no indentation', () => {
    const { text: edited } = setOtaService('\u{FEFF}{\r\n\t"services": [],\r\n\t"x": 1\r\n}', NEW);
    expect(edited).toContain('\t"services": [\r\n\t\t{\r\n\t\t\t"name": "OTA",\r\n');
    expect(edited.lastIndexOf('\u{FEFF}')).toBe(0);
  });

  it('leaves every other value as it was', () => {
    fc.assert(
      fc.property(text, settings, (original, wanted) => {
        const edit = setOtaService(original, wanted);
        const { services: old, ...others } = parseMachineConfig(original).value;
        const { services: now, ...same } = parseMachineConfig(edit.text).value;
        expect(sameJson(same, others)).toBe(true);
        const rest = (list: JsonValue | undefined) =>
          ((list ?? []) as JsonValue[]).filter(
            (entry) => !/ota_service/.test(JSON.stringify((entry as JsonObject)?.['model'] ?? '')),
          );
        expect(sameJson(rest(now), rest(old))).toBe(true);
      }),
    );
  });

  it('gives back the old values where something else changed since', async () => {
    const original = fixture('app-triplet.json');
    const edit = setOtaService(original, NEW);
    const undo = await undoOf(original, edit);
    const edited = edit.text.replace('"network": {}', '"network": { "bind": 1 }');
    expect(await undoEdit(edited, undo)).toBe(
      original.replace('"network": {}', '"network": { "bind": 1 }'),
    );
  });

  it('removes the service that was added, and keys and numbers go back too', async () => {
    const added = setOtaService('{"services": [{"name": "x"}], "n": 1}', NEW);
    const undo = await undoOf('{"services": [{"name": "x"}], "n": 1}', added);
    expect(await undoEdit(added.text.replace('"n": 1', '"n": 2'), undo)).toBe(
      '{"services": [{"name": "x"}], "n": 2}',
    );
    const numeric =
      '{"services": [{"model": "ota_service", "attributes": {"version": 7}}], "n": 1}';
    const edit = setOtaService(numeric, NEW);
    const back = await undoOf(numeric, edit);
    expect(await undoEdit(edit.text.replace('"n": 1', '"n": 2'), back)).toBe(
      numeric.replace('"n": 1', '"n": 2'),
    );
  });

  it('puts an override of a fragment back', async () => {
    const original = fixture('fragment-mods.json');
    const edit = setOtaService(original, { version: 'v9' });
    const undo = await undoOf(original, edit);
    const edited = edit.text.replace('120', '130');
    expect(await undoEdit(edited, undo)).toBe(original.replace('120', '130'));
  });

  it('refuses where somebody else set the values since', async () => {
    const original = fixture('app-triplet.json');
    const undo = await undoOf(original, setOtaService(original, NEW));
    const theirs = setOtaService(original, { version: 'theirs' }).text;
    await expect(undoEdit(theirs, undo)).rejects.toMatchObject({
      code: 'machine-config/changed-since',
    });
    const renamed = setOtaService(original, NEW).text.replace('"OTA"', '"ota"');
    for (const text of ['{}', renamed]) {
      await expect(undoEdit(text, undo)).rejects.toMatchObject({
        code: 'machine-config/changed-since',
      });
    }
  });
});

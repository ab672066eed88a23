import { readdirSync, readFileSync } from 'node:fs';
import {
  checkOtaUrl,
  findOtaServices,
  MachineConfigError,
  parseMachineConfig,
  redactConfig,
  redactText,
  setOtaService,
  undoEdit,
  undoOf,
  validateMachineConfig,
} from '../../src/machine-config/index.ts';
import { type FuzzTarget, mayThrow } from './target.ts';

const SETTINGS = { url: 'http://10.0.0.5:8080/a.bin', version: 'fuzz' };

function configs(): readonly Uint8Array[] {
  const folder = new URL('../machine-config/fixtures/', import.meta.url);
  return readdirSync(folder).map((file) => new Uint8Array(readFileSync(new URL(file, folder))));
}

/** Everything that is done with a config once it could be read. */
async function use(input: Uint8Array): Promise<void> {
  const text = new TextDecoder().decode(input);
  const document = parseMachineConfig(text);
  parseMachineConfig(redactConfig(text));
  const fragments = new Map([['frag-1', document.value]]);
  validateMachineConfig(document, fragments);
  findOtaServices(document.value, fragments);
  const edit = setOtaService(text, SETTINGS, { fragments });
  if (edit.after.version !== SETTINGS.version) throw new Error('the tag was not set');
  const undone = await undoEdit(edit.text, await undoOf(text, edit), { fragments });
  if (undone !== text) throw new Error('undoing did not bring the text back');
}

export const targets: readonly FuzzTarget[] = [
  {
    name: 'machine-config/edit',
    seeds: configs,
    words: [
      '{',
      '[',
      '"',
      ',',
      ':',
      '//',
      '/*',
      '\\u',
      'null',
      '"services"',
      '"$variable"',
      '\ufeff',
    ],
    run: (input) => mayThrow([MachineConfigError], () => use(input)),
  },
  {
    name: 'machine-config/url',
    seeds: () =>
      ['http://192.168.1.20:3232/a.bin?token=x', 'https://[fd00::1]:1/#a', 'a://u:p@h/'].map(
        (url) => new TextEncoder().encode(url),
      ),
    words: ['://', '@', ':', '[', ']', '%', '?', '#', 'localhost', '\u0000'],
    run: (input) => {
      const text = new TextDecoder().decode(input);
      checkOtaUrl(text);
      redactText(text);
    },
  },
];

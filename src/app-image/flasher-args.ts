import { type Chip, chipByName, parseChipName } from '../chips/index.ts';
import { parseSize } from '../shared/index.ts';
import { AppImageError } from './codes.ts';
import type { FlashSettings } from './patch-header.ts';

/** What ESP-IDF's `flasher_args.json` says of a build. All paths are relative to its folder. */
export interface FlasherArgs {
  /** All files, and where they go. */
  readonly files: readonly { readonly flashOffset: number; readonly path: string }[];
  readonly appPath: string | null;
  readonly partitionTablePath: string | null;
  readonly chip: Chip | null;
  /** What the bootloader's header is to say; without what is to stay as it is. */
  readonly settings: FlashSettings;
}

/**
 * Reads the `flasher_args.json` that ESP-IDF writes into the build folder.
 *
 * @param name of the file, for messages
 * @throws AppImageError `app-image/bad-flasher-args`
 */
export function parseFlasherArgs(text: string, name = 'the file'): FlasherArgs {
  const json = parseJson(text, name);
  const listed = field(json, 'flash_files');
  if (typeof listed !== 'object' || listed === null) throw bad(name, 'has no flash_files');
  const files = Object.entries(listed).map(([offset, path]) => {
    const flashOffset = parseSize(offset);
    if (flashOffset !== null && typeof path === 'string') return { flashOffset, path };
    throw bad(name, `has a flash file that is no offset and name: ${offset}`);
  });
  if (files.length === 0) throw bad(name, 'names no files');
  const chipName = textField(field(json, 'extra_esptool_args'), 'chip');
  const chip = chipName === null ? null : parseChipName(chipName);
  return {
    files,
    appPath: textField(field(json, 'app'), 'file'),
    partitionTablePath: textField(
      field(json, 'partition-table') ?? field(json, 'partition_table'),
      'file',
    ),
    chip: chip === null ? null : chipByName(chip),
    settings: settingsOf(field(json, 'flash_settings')),
  };
}

function parseJson(text: string, name: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw bad(name, 'is no JSON');
  }
}

function settingsOf(settings: unknown): FlashSettings {
  const mode = wanted(textField(settings, 'flash_mode'));
  const frequency = wanted(textField(settings, 'flash_freq'));
  const size = wanted(textField(settings, 'flash_size'));
  return {
    ...(mode === null ? {} : { mode }),
    ...(frequency === null ? {} : { frequency }),
    ...(size === null ? {} : { size }),
  };
}

/** `keep` keeps; what IDF calls `detect` is decided when a board is at hand, and a file keeps too. */
function wanted(setting: string | null): string | null {
  return setting === 'keep' || setting === 'detect' ? null : setting;
}

function textField(value: unknown, name: string): string | null {
  const found = field(value, name);
  return typeof found === 'string' ? found : null;
}

function field(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null
    ? (value as Readonly<Record<string, unknown>>)[name]
    : undefined;
}

function bad(name: string, what: string): AppImageError {
  return new AppImageError('app-image/bad-flasher-args', `${name} ${what}`, {
    hint: 'Give the build/flasher_args.json that `idf.py build` writes.',
  });
}

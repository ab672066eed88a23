import { readdir, readFile, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { type FlasherArgs, parseFlasherArgs } from '../../app-image/index.ts';
import { CliError } from '../codes.ts';

/** An app image that a build tool wrote, and the partition table that it wrote beside it. */
export interface FoundBuild {
  readonly image: string;
  readonly partitions: string | null;
  /** Whose habits led to it, or `file` where it was named itself. */
  readonly kind: 'file' | 'esp-idf' | 'platformio' | 'arduino' | 'cargo';
}

/** Where each build tool puts its app image, below the folder of a project; `*` is any one name. */
const PLACES: readonly (readonly [FoundBuild['kind'], readonly string[]])[] = [
  ['platformio', ['.pio/build/*/firmware.bin', 'firmware.bin']],
  ['arduino', ['*.ino.bin', 'build/*.ino.bin', 'build/*/*.ino.bin']],
  ['cargo', ['target/*-espidf/release/*-ota.bin', 'target/*-espidf/debug/*-ota.bin', '*-ota.bin']],
];

/** Where the table lies beside an image, by the habits of all of them. */
const TABLES = [
  'partition_table/partition-table.bin',
  'partition-table.bin',
  'partitions.bin',
  '%.partitions.bin',
  'partitions.csv',
];

/**
 * Finds the app image of a project: the file itself where one is named, otherwise the newest in the
 * usual places of ESP-IDF, PlatformIO, Arduino and Cargo. Never a merged image.
 *
 * @throws CliError `cli/no-build` with the places that were looked at
 */
export async function findBuild(path: string): Promise<FoundBuild> {
  if (!(await isFolder(path))) {
    return { image: path, partitions: await tableBeside(path), kind: 'file' };
  }
  const found = [...(await espIdfBuilds(path)), ...(await buildsInPlaces(path))];
  const [newest] = found.sort((a, b) => b.modifiedMs - a.modifiedMs);
  if (newest !== undefined) {
    const { image, kind, partitions } = newest;
    return { image, kind, partitions: partitions ?? (await tableBeside(image)) };
  }
  const places = ['build/flasher_args.json', ...PLACES.flatMap(([, patterns]) => patterns)];
  throw new CliError('cli/no-build', `there is no finished build in ${path}`, {
    hint: 'Build first, or name the .bin file of the app itself.',
    details: { path, places },
  });
}

type Candidate = FoundBuild & { readonly modifiedMs: number };

/** `flasher_args.json` is ESP-IDF's own list of what belongs where. */
async function espIdfBuilds(folder: string): Promise<readonly Candidate[]> {
  for (const build of [folder, join(folder, 'build')]) {
    const { appPath = null, partitionTablePath: table = null } =
      (await readFlasherArgs(join(build, 'flasher_args.json'))) ?? {};
    if (appPath === null) continue;
    const image = join(build, appPath);
    const modifiedMs = await modified(image);
    if (modifiedMs === null) continue;
    const partitions = table === null ? null : await ifThere(join(build, table));
    return [{ image, partitions, kind: 'esp-idf', modifiedMs }];
  }
  return [];
}

async function buildsInPlaces(folder: string): Promise<readonly Candidate[]> {
  const found: Candidate[] = [];
  for (const [kind, patterns] of PLACES) {
    for (const pattern of patterns) {
      for (const image of await matching(folder, pattern.split('/'))) {
        const modifiedMs = await modified(image);
        if (modifiedMs === null || /merged|bootloader|partitions/.test(basename(image))) continue;
        found.push({ image, partitions: null, kind, modifiedMs });
      }
    }
  }
  return found;
}

/** The paths that a pattern of names matches, each name with at most some `*` in it. */
async function matching(folder: string, names: readonly string[]): Promise<readonly string[]> {
  const [first = '', ...rest] = names;
  const expression = new RegExp(`^${first.replaceAll('.', '\\.').replaceAll('*', '.*')}$`);
  const here = first.includes('*') ? await readdir(folder).catch(() => []) : [first];
  const hits = here.filter((name) => expression.test(name)).map((name) => join(folder, name));
  if (rest.length === 0) return hits;
  return (await Promise.all(hits.map((hit) => matching(hit, rest)))).flat();
}

async function tableBeside(image: string): Promise<string | null> {
  const stem = basename(image).replace(/\.bin$/, '');
  for (const name of TABLES) {
    const path = await ifThere(join(dirname(image), name.replace('%', stem)));
    if (path !== null) return path;
  }
  return null;
}

async function readFlasherArgs(path: string): Promise<FlasherArgs | null> {
  try {
    return parseFlasherArgs(await readFile(path, 'utf8'));
  } catch {
    // Missing, or being written: there is no build then, for now.
    return null;
  }
}

async function modified(path: string): Promise<number | null> {
  try {
    const stats = await stat(path);
    return stats.isFile() ? stats.mtimeMs : null;
  } catch {
    return null;
  }
}

async function ifThere(path: string): Promise<string | null> {
  return (await modified(path)) === null ? null : path;
}

async function isFolder(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch {
    return false;
  }
}

import { execFile } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { readFile, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { REPOSITORY, sourceFiles } from './support/source-files.ts';

const run = promisify(execFile);

interface Manifest {
  readonly version: string;
  readonly exports: Readonly<Record<string, string | { types: string; default: string }>>;
}

/** What a user has after `npm install otakit`: the packed tarball, installed somewhere else. */
describe('the package', () => {
  const folder = mkdtempSync(join(tmpdir(), 'otakit-package-'));
  const user = join(folder, 'user');
  const installed = join(user, 'node_modules', 'otakit');
  let packed: readonly string[];
  let manifest: Manifest;

  beforeAll(async () => {
    // Built and packed from a copy, so that old files in dist/ cannot slip in and nobody's dist/
    // changes under them.
    const copy = join(folder, 'copy');
    mkdirSync(copy);
    for (const name of readdirSync(REPOSITORY)) {
      const isHidden = name.startsWith('.') && name !== '.bundle.mjs';
      if (['node_modules', 'dist', 'coverage'].includes(name) || isHidden) continue;
      cpSync(join(REPOSITORY, name), join(copy, name), { recursive: true });
    }
    await symlink(join(REPOSITORY, 'node_modules'), join(copy, 'node_modules'));
    const { stdout } = await run('npm', ['pack', '--json', '--pack-destination', folder], {
      cwd: copy,
    });
    const [tarball] = JSON.parse(stdout.slice(stdout.indexOf('['))) as {
      filename: string;
      files: { path: string }[];
    }[];
    packed = (tarball?.files ?? []).map(({ path }) => path);

    mkdirSync(user);
    await writeFile(join(user, 'package.json'), '{"private":true,"type":"module"}');
    await run(
      'npm',
      [
        'install',
        '--prefer-offline',
        '--no-audit',
        '--no-fund',
        join(folder, tarball?.filename ?? ''),
      ],
      { cwd: user },
    );
    manifest = JSON.parse(await readFile(join(installed, 'package.json'), 'utf8')) as Manifest;
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  /** As a user types it, with the Node that runs these tests. */
  function npx(...args: readonly string[]) {
    const path = [dirname(process.execPath), process.env['PATH']].join(delimiter);
    return run('npx', args, { cwd: user, env: { ...process.env, PATH: path } });
  }

  it('ships the built files of every source, the presets, and nothing else', () => {
    const built = sourceFiles()
      .filter(({ path }) => !/^(web|cli)\/|^main\.ts$/.test(path))
      .map(({ path }) => path.replace(/\.ts$/, ''))
      .flatMap((path) => [`dist/${path}.js`, `dist/${path}.d.ts`]);
    const presets = readdirSync(join(REPOSITORY, 'partitions')).map((name) => `partitions/${name}`);
    expect(presets.length).toBeGreaterThan(5);
    // The command line is bundled: one file to run, and one for each command that loads lazily.
    const bin = packed.filter((path) => /^dist\/bin\/[\w-]+\.js$/.test(path));
    expect(bin).toContain('dist/bin/main.js');
    const rest = new Set(packed).difference(new Set([...built, ...bin, ...presets]));
    expect([...rest].toSorted()).toEqual(['LICENSE', 'README.md', 'package.json']);
    expect([...new Set([...built, ...presets]).difference(new Set(packed))]).toEqual([]);
  });

  it('runs as npx otakit', async () => {
    expect((await npx('otakit', '--version')).stdout).toBe(`${manifest.version}\n`);
    expect((await npx('otakit', '--help')).stdout).toContain('image');
    const preset = join(installed, 'partitions', 'ota-4mb.csv');
    const { stdout } = await npx('otakit', 'partitions', 'show', preset);
    expect(stdout).toContain('otadata');
    await expect(npx('otakit', 'image', 'info', 'nothing.bin')).rejects.toMatchObject({
      code: 3,
      stderr: expect.stringContaining('cli/file-not-readable'),
    });
  });

  it('resolves every path in its exports, with types', async () => {
    const names = Object.keys(manifest.exports).filter((name) => name !== './package.json');
    expect(names).toContain('.');
    for (const name of names) {
      const target = manifest.exports[name];
      if (typeof target !== 'object') throw new Error(`${name} has no types`);
      expect([target.types, existsSync(join(installed, target.types))]).toEqual([
        target.types,
        true,
      ]);
    }
    const imports = names.map((name) => join('otakit', name));
    await writeFile(
      join(user, 'imports.js'),
      `for (const name of ${JSON.stringify(imports)}) {
        console.log(name, Object.keys(await import(name)).length > 0);
      }
      console.log(JSON.stringify((await import('otakit/package.json', { with: { type: 'json' } })).default.name));`,
    );
    const { stdout } = await run(process.execPath, ['imports.js'], { cwd: user });
    expect(stdout.trim().split('\n')).toEqual([
      ...imports.map((name) => `${name} true`),
      '"otakit"',
    ]);
  });

  it('has types that need no others than those of Node', async () => {
    for (const name of ['@types/node', 'undici-types']) {
      const from = join(REPOSITORY, 'node_modules', name);
      cpSync(from, join(user, 'node_modules', name), { recursive: true });
    }
    const names = Object.keys(manifest.exports).filter((name) => name !== './package.json');
    const lines = names.map((name) => `export type * from '${join('otakit', name)}';\n`);
    // As modules that share no names: otherwise what two export alike would be the finding.
    for (const [index, line] of lines.entries()) await writeFile(join(user, `t${index}.ts`), line);
    const tsc = join(REPOSITORY, 'node_modules', '.bin', 'tsc');
    const options = ['--noEmit', '--strict', '--module', 'nodenext', '--target', 'esnext'];
    const files = lines.map((_, index) => `t${index}.ts`);
    const checked = await run(tsc, [...options, '--types', 'node', ...files], { cwd: user }).catch(
      (error: { stdout: string }) => error,
    );
    expect(checked.stdout).toBe('');
  });

  it('says which Node it needs on one that lacks what it imports', async () => {
    // An import by name would fail before the first line runs.
    const main = await readFile(join(installed, 'dist/bin/main.js'), 'utf8');
    expect(main.match(/^import .*$/gm)).toEqual([
      expect.stringMatching(/^import \w+ from "node:module";$/),
    ]);
  });

  it('is what publint wants', async () => {
    const { messages } = await publint({ pkgDir: installed, strict: true, pack: false });
    expect(messages.map((message) => formatMessage(message, manifest))).toEqual([]);
  });
});

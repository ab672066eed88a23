import {
  chmod,
  chown,
  mkdtemp,
  readdir,
  readFile,
  rm,
  stat,
  symlink,
  truncate,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type ConfigTarget, fileTarget, updateConfig } from '../../src/machine-config/index.ts';
import { describeTargetContract } from './target-contract.ts';

async function temporaryFile(content: string | Uint8Array) {
  const folder = await mkdtemp(join(tmpdir(), 'otakit-config-'));
  const path = join(folder, 'machine.json');
  await writeFile(path, content);
  return { path, [Symbol.asyncDispose]: () => rm(folder, { recursive: true }) };
}

const NOBODY = 65_534;
const isRoot = process.geteuid?.() === 0;

/** Does something with no more rights than any user has, whoever runs the tests. */
async function asPlainUser<Result>(work: () => Promise<Result>): Promise<Result> {
  if (!isRoot) return work();
  process.setegid?.(NOBODY);
  process.seteuid?.(NOBODY);
  try {
    return await work();
  } finally {
    process.seteuid?.(0);
    process.setegid?.(0);
  }
}

describe('a config in a file', () => {
  describeTargetContract(async (config) => {
    const file = await temporaryFile(JSON.stringify(config, null, 2));
    return {
      ...file,
      target: fileTarget(file.path),
      changeByOther: (theirs) => writeFile(file.path, JSON.stringify(theirs)),
    };
  });

  it('keeps permissions and symbolic links, and every byte that is not edited', async () => {
    await using file = await temporaryFile('\u{FEFF}{"a": 1}\r\n');
    await chmod(file.path, 0o600);
    const link = `${file.path}.link`;
    await symlink(file.path, link);
    const target = fileTarget(link);
    const before = await target.read();
    await target.write(before.text.replace('1', '2'), before);
    expect(await readFile(file.path, 'utf8')).toBe('\u{FEFF}{"a": 2}\r\n');
    expect((await stat(file.path)).mode & 0o777).toBe(0o600);
  });

  it('is the same target by whatever name', async () => {
    await using file = await temporaryFile('{}');
    const link = `${file.path}.link`;
    await symlink('machine.json', link);
    const folder = `${dirname(file.path)}-link`;
    await symlink(dirname(file.path), folder);
    const { id } = fileTarget(file.path);
    expect(fileTarget(link).id).toBe(id);
    expect(fileTarget(join(folder, 'machine.json')).id).toBe(id);
    await rm(folder);
  });

  it('keeps bits that the umask would take away', async () => {
    await using file = await temporaryFile('{"a": 1}');
    await chmod(file.path, 0o666);
    const target = fileTarget(file.path);
    await target.write('{"a": 2}', await target.read());
    expect((await stat(file.path)).mode & 0o777).toBe(0o666);
  });

  it('leaves a read-only file alone, for root too', async () => {
    await using file = await temporaryFile('{"a": 1}');
    await chmod(file.path, 0o444);
    const target = fileTarget(file.path);
    const before = await target.read();
    await expect(target.write('{"a": 2}', before)).rejects.toMatchObject({
      code: 'machine-config/read-only',
      message: 'machine.json is read-only (mode 444)',
      hint: expect.stringContaining('chmod u+w machine.json'),
    });
    expect(await readFile(file.path, 'utf8')).toBe('{"a": 1}');
    expect(await readdir(dirname(file.path))).toEqual(['machine.json']);
  });

  it('leaves a file alone whose folder takes no new one', async () => {
    await using file = await temporaryFile('{"a": 1}');
    await chmod(file.path, 0o666);
    await chmod(dirname(file.path), 0o555);
    const target = fileTarget(file.path);
    await asPlainUser(async () => {
      const before = await target.read();
      await expect(target.write('{"a": 2}', before)).rejects.toMatchObject({
        code: 'machine-config/read-only',
        message: expect.stringContaining(`its folder ${dirname(file.path)} takes no new file`),
      });
    });
    expect(await readFile(file.path, 'utf8')).toBe('{"a": 1}');
    await chmod(dirname(file.path), 0o755);
  });

  it.skipIf(!isRoot)('keeps the owner, or leaves the file alone', async () => {
    await using file = await temporaryFile('{"a": 1}');
    await chown(file.path, NOBODY, NOBODY);
    const target = fileTarget(file.path);
    await target.write('{"a": 2}', await target.read());
    expect(await stat(file.path)).toMatchObject({ uid: NOBODY, gid: NOBODY });

    // Somebody may write it, and may write in the folder, but cannot give files away.
    await chown(file.path, 0, 0);
    await chmod(file.path, 0o666);
    await chmod(dirname(file.path), 0o777);
    await asPlainUser(async () => {
      const before = await target.read();
      await expect(target.write('{"a": 3}', before)).rejects.toMatchObject({
        code: 'machine-config/other-owner',
        details: { uid: 0, gid: 0 },
      });
    });
    expect(await readFile(file.path, 'utf8')).toBe('{"a": 2}');
    expect(await readdir(dirname(file.path))).toEqual(['machine.json']);
    await chmod(file.path, 0o644);
    await asPlainUser(async () => {
      const before = await target.read();
      await expect(target.write('{"a": 3}', before)).rejects.toMatchObject({
        code: 'machine-config/read-only',
        message: 'you may not write machine.json (mode 644)',
      });
    });
  });

  it('says what is wrong with a file that is missing or not text', async () => {
    await using file = await temporaryFile(new Uint8Array([0x7b, 0xff, 0x7d]));
    await expect(fileTarget(file.path).read()).rejects.toMatchObject({
      code: 'machine-config/syntax',
    });
    await expect(fileTarget(`${file.path}.nope`).read()).rejects.toMatchObject({
      code: 'machine-config/target',
      hint: expect.stringContaining('a new config may begin as {}'),
      details: { path: `${file.path}.nope` },
    });
  });

  it('names the file with what is wrong in it, and where', async () => {
    await using file = await temporaryFile('{\r\n  "a": 1\r\n  "b": 2\r\n}\r\n');
    await expect(fileTarget(file.path).read()).rejects.toMatchObject({
      code: 'machine-config/syntax',
      message: 'machine.json, line 3, column 3: a comma is missing',
      details: { line: 3, column: 3, file: 'machine.json' },
    });
    await writeFile(file.path, '[]');
    await expect(fileTarget(file.path).read()).rejects.toMatchObject({
      code: 'machine-config/shape',
      message: 'machine.json: a machine config is a JSON object, this is a list',
    });
  });

  it('says why a file cannot be read in words', async () => {
    await using file = await temporaryFile('{}');
    await expect(fileTarget(`${file.path}.nope`).read()).rejects.toMatchObject({
      message: 'machine.json.nope cannot be read: there is no such file',
    });
    await expect(fileTarget(dirname(file.path)).read()).rejects.toMatchObject({
      message: expect.stringContaining('it is not a regular file'),
    });
  });

  it('does not read without end', async () => {
    await expect(fileTarget('/dev/zero').read()).rejects.toMatchObject({
      code: 'machine-config/target',
      message: 'zero cannot be read: it is a device',
    });
    await using file = await temporaryFile('{}');
    await truncate(file.path, 65 * 1024 * 1024);
    await expect(fileTarget(file.path).read()).rejects.toMatchObject({
      message: expect.stringContaining('it has 68157440 bytes'),
    });
  });

  it('names the file that was changed meanwhile', async () => {
    await using file = await temporaryFile('{"a": 1}');
    const target = fileTarget(file.path);
    const before = await target.read();
    await writeFile(file.path, '{"a": 2}');
    await expect(target.write('{"a": 3}', before)).rejects.toMatchObject({
      code: 'machine-config/conflict',
      details: { path: file.path },
    });
  });

  it('is content when somebody saves something else right after', async () => {
    const config = '{"services": [{"model": "ota_service", "attributes": {"version": "v1"}}]}';
    await using file = await temporaryFile(config);
    const real = fileTarget(file.path);
    const target: ConfigTarget = {
      ...real,
      write: async (text, since) => {
        await real.write(text, since);
        await writeFile(file.path, text.replace('{', '{"theirs": 1, '));
      },
    };
    await updateConfig(target, ({ text }) => ({ text: text.replace('v1', 'v2') }));
    expect(await readFile(file.path, 'utf8')).toMatch(/theirs.*v2/);
  });

  it('notices that what was written is not what is there', async () => {
    await using file = await temporaryFile('{"a": 1}');
    const real = fileTarget(file.path);
    const overwritten: ConfigTarget = {
      ...real,
      write: async (text, since) => {
        await real.write(text, since);
        await writeFile(file.path, '{"a": 3}');
      },
    };
    await expect(updateConfig(overwritten, () => ({ text: '{"a": 2}' }))).rejects.toMatchObject({
      code: 'machine-config/not-kept',
    });
  });
});

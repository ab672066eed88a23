import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer, type Socket } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { CliError } from '../../../src/cli/codes.ts';
import { runCli } from '../../../src/cli/index.ts';
import { otakit } from '../../support/cli.ts';
import { REPOSITORY } from '../../support/source-files.ts';
import { watchOtakit } from '../../support/watched-cli.ts';

const ELF = join(REPOSITORY, 'firmware-samples/images/hello-esp32-1.0.0.elf');
const ESCAPE = '\u001b';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'otakit-'));
});
afterEach(() => rm(folder, { recursive: true }));

/** A board on TCP that says something to whoever connects. */
async function board(text: string) {
  const connected = Promise.withResolvers<Socket>();
  const sockets: Socket[] = [];
  const server = createServer((socket) => {
    sockets.push(socket);
    socket.on('error', () => {});
    socket.write(text);
    connected.resolve(socket);
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return { target: `tcp://127.0.0.1:${port}`, connected: connected.promise };
}

/** A command on a terminal that can be typed at. */
function onTerminal(args: readonly string[]) {
  const keyboard = Object.assign(new PassThrough(), {
    isTTY: true,
    isRaw: false,
    setRawMode(raw: boolean) {
      this.isRaw = raw;
    },
  });
  const output = { stdout: '', stderr: '' };
  const watchers = new Set<() => void>();
  const capture = (name: 'stdout' | 'stderr') => ({
    isTTY: true,
    write: (text: string) => {
      output[name] += text;
      for (const look of watchers) look();
    },
  });
  const ended = runCli(args, {
    stdout: capture('stdout'),
    stderr: capture('stderr'),
    stdin: keyboard,
    env: { NO_COLOR: '1' },
    signal: new AbortController().signal,
  });
  const until = (text: string) =>
    new Promise<void>((resolve) => {
      const look = () => {
        if (!`${output.stdout}${output.stderr}`.includes(text)) return;
        watchers.delete(look);
        resolve();
      };
      watchers.add(look);
      look();
    });
  return { keyboard, output, ended, until };
}

describe('otakit monitor', () => {
  it('shows what a board prints, and ends with 130 on Ctrl-C', async () => {
    const { target } = await board('I (1) app: up\r\nhello\r\n');
    const cli = watchOtakit(['monitor', '--port', target]);
    await cli.waitFor(/hello\n/);
    expect(cli.stdout).toBe('I (1) app: up\nhello\n');
    expect(cli.stderr).toContain(`${target} at 115200 baud`);
    cli.interrupt(new CliError('cli/interrupted', 'interrupted'));
    expect(await cli.ended).toBe(130);
  });

  it('explains the blank flash of a fresh virtual board', async () => {
    const cli = watchOtakit(['monitor', '--port', 'sim://esp32', '--reset']);
    await cli.waitForStderr(/again and again .*there is no bootloader: the flash is empty/);
    expect(cli.stdout).toContain('invalid header: 0xffffffff');
  });

  it('decodes backtraces by an ELF file', async () => {
    const { target } = await board('Backtrace: 0x400d0030:0x3ffb0010\r\n');
    const cli = watchOtakit(['monitor', '--port', target, '--elf', ELF]);
    const [line] = await cli.waitFor(/ {4}0x400d0030.*\n/);
    expect(line).toMatch(/^ {4}0x400d0030: \w+ at .*\.[ch]:\d+\n$/);
  });

  it('says the same as JSON', async () => {
    const { target } = await board(
      'E (1) app: bad\r\nBacktrace: 0x400d0030:0x3ffb0010\r\nrst:0xc (SW_CPU_RESET),boot:0x13 (SPI)\r\n',
    );
    const cli = watchOtakit(['monitor', '--port', target, '--elf', ELF, '--json']);
    await cli.waitFor(/"event":"reset"/);
    const lines = cli.stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(lines).toEqual([
      { timeMs: expect.any(Number), text: 'E (1) app: bad', level: 'error' },
      {
        timeMs: expect.any(Number),
        text: 'Backtrace: 0x400d0030:0x3ffb0010',
        addresses: [
          {
            address: 0x400d0030,
            role: 'backtrace',
            function: expect.any(String),
            symbol: expect.any(String),
            file: expect.stringMatching(/\.[ch]$/),
            line: expect.any(Number),
          },
        ],
      },
      { timeMs: expect.any(Number), text: expect.stringMatching(/^rst:0xc/) },
      {
        timeMs: expect.any(Number),
        event: 'reset',
        text: expect.stringContaining('restarted the CPU'),
        reason: expect.objectContaining({ code: 12 }),
      },
    ]);
    expect(cli.stderr).toBe('');
  });

  it('colours by level on a terminal only, and lets a board do no more than that', async () => {
    const text = `E (1) app: bad\r\n${ESCAPE}[0;32mI (2) app: own${ESCAPE}[0m\r\n${ESCAPE}[2Jx\r\n`;
    const { target } = await board(text);
    const onScreen = watchOtakit(['monitor', '--port', target], { isTTY: true });
    await onScreen.waitFor(/x\n/);
    expect(onScreen.stdout).toBe(
      `${ESCAPE}[31mE (1) app: bad${ESCAPE}[39m\n${ESCAPE}[0;32mI (2) app: own${ESCAPE}[0m\n\\x1b[2Jx\n`,
    );
    const inPipe = watchOtakit(['monitor', '--port', target]);
    await inPipe.waitFor(/x\n/);
    expect(inPipe.stdout).toBe('E (1) app: bad\nI (2) app: own\n\\x1b[2Jx\n');
  });

  it('filters what it shows, but not what it logs', async () => {
    const { target } = await board('I (1) a: quiet\r\nE (2) b: loud\r\nplain\r\n');
    const log = join(folder, 'board.log');
    const cli = watchOtakit([
      'monitor',
      '--port',
      target,
      '--filter',
      'error',
      '--log',
      log,
      '--timestamps',
    ]);
    await cli.waitFor(/plain\n/);
    cli.interrupt(new CliError('cli/interrupted', 'interrupted'));
    await cli.ended;
    expect(cli.stdout).toMatch(/^\d\d:\d\d:\d\d\.\d{3} E \(2\) b: loud\n\S+ plain\n$/);
    const logged = (await readFile(log, 'utf8')).trim().split('\n');
    expect(logged.map((line) => line.replace(/^\d{4}-\d\d-\d\dT[\d:.]+Z /, ''))).toEqual([
      'I (1) a: quiet',
      'E (2) b: loud',
      'plain',
    ]);
  });

  it('sends what comes from a pipe to the board', async () => {
    const { target, connected } = await board('ready\r\n');
    const received = connected.then(
      (socket) =>
        new Promise<string>((resolve) => {
          socket.once('data', (bytes) => resolve(String(bytes)));
        }),
    );
    const interrupt = new AbortController();
    const ended = otakit(['monitor', '--port', target], {
      signal: interrupt.signal,
      stdin: [new TextEncoder().encode('version\r')],
    });
    expect(await received).toBe('version\r');
    interrupt.abort(new CliError('cli/interrupted', 'interrupted'));
    expect((await ended).exitCode).toBe(130);
  });

  it('takes keys on a terminal, and gives the terminal back', async () => {
    const { target, connected } = await board('esp> ');
    const { keyboard, output, ended, until } = onTerminal(['monitor', '--port', target]);
    await until('esp> ');
    expect(keyboard.isRaw).toBe(true);
    const received = connected.then(
      (socket) =>
        new Promise<string>((resolve) => {
          socket.once('data', (bytes) => {
            socket.write(`${String(bytes)}\r\nesp> `);
            resolve(String(bytes));
          });
        }),
    );
    keyboard.write('help');
    expect(await received).toBe('help');
    await until('esp> help\n');
    keyboard.write('\u0014\u0008');
    await until('Ctrl-R resets the board');
    keyboard.write('\u0014\u0012');
    await until('has no modem lines');
    keyboard.write('\u001d');
    expect(await ended).toBe(0);
    expect(keyboard.isRaw).toBe(false);
    expect(output.stdout.startsWith('esp> help\n')).toBe(true);
  });

  it('ends with 130 when Ctrl-C is typed on a terminal', async () => {
    const { target } = await board('up\r\n');
    const { keyboard, ended, until } = onTerminal(['monitor', '--port', target]);
    await until('up');
    keyboard.write('\u0003');
    expect(await ended).toBe(130);
  });

  it('ends when nobody reads its output any more', async () => {
    const { target, connected } = await board('one\r\n');
    const stdout = { writable: true, write: () => (stdout.writable = false) };
    const ended = runCli(['monitor', '--port', target], {
      stdout,
      stderr: { write: () => {} },
      stdin: new PassThrough(),
      env: {},
      signal: new AbortController().signal,
    });
    (await connected).write('two\r\n');
    expect(await ended).toBe(0);
  });

  it.each([
    [['--port', 'sim://esp32', '--baud', 'fast'], 2, 'cli/usage'],
    [['--port', 'sim://esp32', '--elf', 'package.json'], 3, 'app-image/bad-elf'],
    [['--port', 'sim://esp32', '--elf', 'no-such.elf'], 3, 'cli/file-not-readable'],
    [['--port', 'sim://esp32', '--log', '/no/such/folder/x.log'], 3, 'cli/file-not-writable'],
    [['--port', '/dev/no-such-port'], 4, 'transport/port-missing'],
  ])('refuses %j', async (args, exitCode, code) => {
    const result = await otakit(['monitor', ...args]);
    expect(result.exitCode).toBe(exitCode);
    expect(result.stderr).toContain(code);
  });
});

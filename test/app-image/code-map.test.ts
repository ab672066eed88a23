import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, posix } from 'node:path';
import * as fc from '../support/property.ts';
import { describe, expect, it } from 'vitest';
import { createCodeMap, type Elf, parseElf } from '../../src/app-image/index.ts';
import { describeWithPeers } from '../support/peer.ts';
import { REPOSITORY } from '../support/source-files.ts';

const samplePath = (name: string) => join(REPOSITORY, 'firmware-samples/images', `${name}.elf`);
const read = (path: string) => parseElf(new Uint8Array(readFileSync(path)));

/** Every address of a program's code. */
function codeAddresses({ code }: Elf): readonly number[] {
  return code.flatMap(({ address, data }) =>
    Array.from({ length: data.length }, (_, offset) => address + offset),
  );
}

/** What addr2line says: the innermost source line, and the outermost (not inlined) function. */
function addr2line(tool: string, elf: string, addresses: readonly number[]) {
  const input = addresses.map((address) => `0x${address.toString(16)}`).join('\n');
  const text = execFileSync(tool, ['-e', elf, '-f', '-i', '-a'], {
    input,
    encoding: 'utf8',
    maxBuffer: 1 << 26,
  });
  return text
    .split(/^0x[0-9a-f]+$/m)
    .slice(1)
    .map((block) => {
      const lines = block.trim().split('\n');
      const place = /^(.*):(\d+|\?)(?: \(discriminator \d+\))?$/.exec(lines[1] ?? '');
      const name = lines.at(-2) ?? '??';
      const line = Number(place?.[2]);
      return {
        function: name === '??' ? null : name,
        file: place?.[1] === '??' ? null : (place?.[1] ?? null),
        line: line > 0 ? line : null,
      };
    });
}

/** Where we and addr2line say different things of an address. */
function differences(tool: string, path: string) {
  const elf = read(path);
  const map = createCodeMap(elf);
  const addresses = codeAddresses(elf);
  expect(addresses.length).toBeGreaterThan(400);
  const isPadding = (address: number) =>
    !elf.symbols.some(
      (symbol) => address >= symbol.address && address - symbol.address < symbol.sizeBytes,
    );
  const theirs = addr2line(tool, path, addresses);
  return addresses.flatMap((address, index) => {
    const mine = map.locate(address);
    const other = theirs[index];
    const isSame =
      other !== undefined &&
      mine !== null &&
      mine.line === other.line &&
      normalPath(mine.file) === normalPath(other.file) &&
      // For padding between functions addr2line names the one before, whatever its size.
      mine.function === (isPadding(address) ? null : other.function);
    return isSame ? [] : [{ address: address.toString(16), mine, other }];
  });
}

/** `././start.S` and `./start.S` are the same. */
function normalPath(path: string | null): string | null {
  return path === null ? null : posix.normalize(path);
}

describe('a code map', () => {
  it.each(['hello-esp32-1.0.0', 'hello-esp32c3-1.1.0'])('of %s finds its run()', (name) => {
    const elf = read(samplePath(name));
    const run = elf.symbols.find((symbol) => symbol.name === 'run');
    expect(createCodeMap(elf).locate(run?.address ?? 0)).toMatchObject({
      function: 'run',
      file: expect.stringMatching(/src\/hello\.c$/),
    });
  });

  it('says nothing of addresses without code', () => {
    const elf = read(samplePath('hello-esp32-1.0.0'));
    const map = createCodeMap(elf);
    const [descriptor] = elf.sections;
    expect(
      [0, 0x3ff4_0000, descriptor?.address ?? 0, 0xffff_ffff].map((address) => map.locate(address)),
    ).toEqual([null, null, null, null]);
  });

  it('takes nothing for a caller on Xtensa, or outside of the code', () => {
    const xtensa = read(samplePath('hello-esp32-1.0.0'));
    expect(
      codeAddresses(xtensa).some((address) => createCodeMap(xtensa).followsCall(address)),
    ).toBe(false);
    const riscv = createCodeMap(read(samplePath('hello-esp32c3-1.0.0')));
    expect([0, 0x3c00_0020, 0xffff_fffe].map((at) => riscv.followsCall(at))).toEqual([
      false,
      false,
      false,
    ]);
  });

  it('knows functions where the program has no line tables', () => {
    const elf = { ...read(samplePath('hello-esp32-1.0.0')), debug: [] };
    const run = elf.symbols.find((symbol) => symbol.name === 'run');
    expect(createCodeMap(elf).locate(run?.address ?? 0)).toEqual({
      function: 'run',
      file: null,
      line: null,
    });
  });

  it('never throws on damaged line tables', () => {
    const elf = read(samplePath('hello-esp32c3-1.0.0'));
    const address = elf.symbols.find(({ name }) => name === 'run')?.address ?? 0;
    fc.assert(
      fc.property(
        fc.constantFrom('.debug_line', '.debug_line_str'),
        fc.double({ min: 0, max: 0.999, noNaN: true }),
        fc.integer({ min: 0, max: 255 }),
        fc.boolean(),
        (section, where, byte, cut) => {
          const debug = elf.debug.map((piece) => {
            if (piece.name !== section) return piece;
            const data = piece.data.slice();
            const at = Math.floor(where * data.length);
            data[at] = byte;
            return { ...piece, data: cut ? data.subarray(0, at) : data };
          });
          expect(createCodeMap({ ...elf, debug }).locate(address)?.function).toBe('run');
        },
      ),
      { numRuns: 300 },
    );
  });
});

describeWithPeers(['xtensa-lx106-elf-addr2line'], 'addr2line for Xtensa', ([tool = '']) => {
  it.each(['hello-esp32-1.0.0', 'hello-esp32-1.1.0'])('agrees at every address of %s', (name) => {
    expect(differences(tool, samplePath(name))).toEqual([]);
  });
});

describeWithPeers(
  ['riscv64-unknown-elf-addr2line', 'riscv64-unknown-elf-as', 'riscv64-unknown-elf-ld'],
  'addr2line for RISC-V',
  ([tool = '', assembler = '', linker = '']) => {
    it.each(['hello-esp32c3-1.0.0', 'hello-esp32c3-1.1.0'])(
      'agrees at every address of %s',
      (name) => {
        expect(differences(tool, samplePath(name))).toEqual([]);
      },
    );

    it.each([2, 3, 4, 5])('agrees on line tables of DWARF %i', async (version) => {
      const folder = await mkdtemp(join(tmpdir(), 'otakit-'));
      try {
        const elf = join(folder, 'program.elf');
        // By its whole path, as build systems do: relative ones are kept relative before version 5.
        const source = join(folder, 'program.s');
        await writeFile(source, assemblySource());
        const options = ['-march=rv32imc', '-mabi=ilp32', `--gdwarf-${version}`, '-o', 'program.o'];
        execFileSync(assembler, [...options, source], { cwd: folder });
        execFileSync(linker, ['-m', 'elf32lriscv', '-Ttext=0x42000020', '-o', elf, 'program.o'], {
          cwd: folder,
          stdio: 'pipe',
        });
        expect(differences(tool, elf)).toEqual([]);
      } finally {
        await rm(folder, { recursive: true });
      }
    });
  },
);

describeWithPeers(['riscv64-unknown-elf-objdump'], 'objdump for RISC-V', ([disassembler = '']) => {
  it('has a call before every address that follows one, and nowhere else', () => {
    const path = samplePath('hello-esp32c3-1.1.0');
    const elf = read(path);
    const map = createCodeMap(elf);
    const listing = execFileSync(disassembler, ['-d', '-M', 'no-aliases', path], {
      encoding: 'utf8',
    });
    const instructions = Array.from(
      listing.matchAll(/^ *([0-9a-f]{8}):\t([0-9a-f]+) +\t(\S+)(?:\t(\S+))?/gm),
      ([, at = '', code = '', name = '', operands = '']) => ({
        next: Number.parseInt(at, 16) + code.length / 2,
        isCall: /^c\.jalr?$/.test(name) || (/^jalr?$/.test(name) && operands.startsWith('ra,')),
      }),
    );
    expect(instructions.filter(({ isCall }) => isCall).length).toBeGreaterThan(10);
    const inCode = instructions.filter(({ next }) => map.locate(next) !== null);
    expect(
      inCode
        .filter(({ next, isCall }) => map.followsCall(next) !== isCall)
        .map(({ next }) => next.toString(16)),
    ).toEqual([]);
  });
});

/** Functions with jumps in their line numbers, forwards and back, and gaps of every size. */
function assemblySource(): string {
  const functions = Array.from({ length: 12 }, (_, index) => {
    const name = `function_${index}`;
    const body = Array.from(
      { length: 5 + index * 3 },
      (_, line) => `${'\n'.repeat((line * 7) % 40)}  addi a0, a0, ${line}\n  nop`,
    );
    return [`.globl ${name}`, `.type ${name}, @function`, `${name}:`, ...body, '  ret']
      .concat(`.size ${name}, .-${name}`)
      .join('\n');
  });
  return `.text\n.globl _start\n.type _start, @function\n_start: ret\n.size _start, .-_start\n${functions.join('\n')}\n`;
}

import { alignUp } from '../../src/shared/index.ts';

/** One section of {@link buildElf}. */
export interface ElfSectionPlan {
  readonly name: string;
  readonly address: number;
  readonly data: Uint8Array;
}

/** What an ELF file of a test is made of. */
export interface ElfPlan {
  readonly machine: 'xtensa' | 'riscv';
  readonly entryPoint: number;
  readonly sections: readonly ElfSectionPlan[];
  /** Program segments; by default one for each section. */
  readonly segments?: readonly { readonly address: number; readonly data: Uint8Array }[];
}

const HEADER = 52;

/** A 32-bit little-endian ELF file with sections, their names, and program headers. */
export function buildElf(plan: ElfPlan): Uint8Array<ArrayBuffer> {
  const { sections, segments = sections } = plan;
  const names = ['', ...sections.map(({ name }) => name), '.shstrtab'];
  const strings = new TextEncoder().encode(`${names.join('\0')}\0`);
  const blobs = [...sections.map(({ data }) => data), strings, ...segments.map(({ data }) => data)];
  const programAt = HEADER;
  let end = programAt + segments.length * 32;
  const offsets = blobs.map((blob) => {
    const at = alignUp(end, 4);
    end = at + blob.length;
    return at;
  });
  const sectionsAt = alignUp(end, 4);
  const sectionCount = sections.length + 2;
  const bytes = new Uint8Array(sectionsAt + sectionCount * 40);
  const view = new DataView(bytes.buffer);
  const words = (at: number, values: readonly number[]) => {
    for (const [index, value] of values.entries()) view.setUint32(at + index * 4, value, true);
  };
  bytes.set([0x7f, 0x45, 0x4c, 0x46, 1, 1, 1]);
  view.setUint16(16, 2, true);
  view.setUint16(18, plan.machine === 'xtensa' ? 0x5e : 0xf3, true);
  words(20, [1, plan.entryPoint, programAt, sectionsAt, 0]);
  for (const [index, value] of [
    HEADER,
    32,
    segments.length,
    40,
    sectionCount,
    sectionCount - 1,
  ].entries()) {
    view.setUint16(40 + index * 2, value, true);
  }
  for (const [index, blob] of blobs.entries()) bytes.set(blob, offsets[index]);
  for (const [index, { address, data }] of segments.entries()) {
    const offset = offsets[sections.length + 1 + index] ?? 0;
    words(programAt + index * 32, [1, offset, address, address, data.length, data.length, 5, 4]);
  }
  let nameAt = 1;
  for (const [index, { name, address, data }] of sections.entries()) {
    words(sectionsAt + (index + 1) * 40, [
      nameAt,
      1,
      2,
      address,
      offsets[index] ?? 0,
      data.length,
      0,
      0,
      4,
    ]);
    nameAt += name.length + 1;
  }
  words(sectionsAt + (sectionCount - 1) * 40, [
    nameAt,
    3,
    0,
    0,
    offsets[sections.length] ?? 0,
    strings.length,
  ]);
  return bytes;
}

/** The register that calls leave the return address in (`ra`). */
const RETURN_REGISTER = 1;
const JAL = 0x6f;
const JALR = 0x67;

/**
 * Whether the instruction that ends at an offset of RISC-V code is a call: `jal` or `jalr` to `ra`, or
 * their compressed forms (RISC-V unprivileged ISA, chapters 2.5 and "C").
 */
export function followsRiscvCall(code: Uint8Array, offset: number): boolean {
  if (offset % 2 !== 0 || offset > code.length) return false;
  const half = (at: number) => (code[at] ?? 0) | ((code[at + 1] ?? 0) << 8);
  if (offset >= 4) {
    const low = half(offset - 4);
    const opcode = low & 0x7f;
    const destination = (low >> 7) & 0x1f;
    if ((opcode === JAL || opcode === JALR) && destination === RETURN_REGISTER) return true;
  }
  if (offset < 2) return false;
  const short = half(offset - 2);
  const isCompressedJal = (short & 0xe003) === 0x2001;
  // Without a register it is an ebreak.
  const isCompressedJalr = (short & 0xf07f) === 0x9002 && (short & 0x0f80) !== 0;
  return isCompressedJal || isCompressedJalr;
}

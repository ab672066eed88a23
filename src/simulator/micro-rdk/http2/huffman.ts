/**
 * The length in bits of each symbol's code in RFC 7541 Appendix B, the last one (256) being the end
 * of string. The code is canonical, so the lengths alone give it: shorter codes come first, and codes
 * of one length count up with their symbols.
 */
const CODE_LENGTHS: readonly number[] = [
  13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 30, 28,
  28, 28, 28, 28, 28, 28, 28, 28, 6, 10, 10, 12, 13, 6, 8, 11, 10, 10, 8, 11, 8, 6, 6, 6, 5, 5, 5,
  6, 6, 6, 6, 6, 6, 6, 7, 8, 15, 6, 12, 10, 13, 6, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7,
  7, 7, 7, 7, 7, 7, 8, 7, 8, 13, 19, 13, 14, 6, 15, 5, 6, 5, 6, 5, 6, 6, 6, 5, 7, 7, 6, 6, 6, 5, 6,
  7, 6, 5, 5, 6, 7, 7, 7, 7, 7, 15, 11, 14, 13, 28, 20, 22, 20, 20, 22, 22, 22, 23, 22, 23, 23, 23,
  23, 23, 24, 23, 24, 24, 22, 23, 24, 23, 23, 23, 23, 21, 22, 23, 22, 23, 23, 24, 22, 21, 20, 22,
  22, 23, 23, 21, 23, 22, 22, 24, 21, 22, 23, 23, 21, 21, 22, 21, 23, 22, 23, 23, 20, 22, 22, 22,
  23, 22, 22, 23, 26, 26, 20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25, 19, 21, 26, 27,
  27, 26, 27, 24, 21, 21, 26, 26, 28, 27, 27, 27, 20, 24, 20, 21, 22, 21, 21, 23, 22, 22, 25, 25,
  24, 24, 26, 23, 26, 27, 26, 26, 27, 27, 27, 27, 27, 28, 27, 27, 27, 27, 27, 26, 30,
];
const END_OF_STRING = 256;
const LONGEST_CODE = 30;

/** By code length: the first code of that length, and the symbols that have one, in order. */
const BY_LENGTH = codesByLength();

function codesByLength(): readonly { readonly firstCode: number; readonly symbols: number[] }[] {
  const lengths = Array.from({ length: LONGEST_CODE + 1 }, () => ({
    firstCode: 0,
    symbols: [] as number[],
  }));
  CODE_LENGTHS.forEach((length, symbol) => lengths[length]?.symbols.push(symbol));
  let code = 0;
  return lengths.map(({ symbols }) => {
    code *= 2;
    const entry = { firstCode: code, symbols };
    code += symbols.length;
    return entry;
  });
}

/**
 * Decodes a Huffman-coded header string. Answers `null` where RFC 7541 §5.2 calls it an error: an
 * explicit end of string, or padding that is longer than 7 bits or not all ones.
 */
export function decodeHuffman(bytes: Uint8Array): Uint8Array | null {
  const symbols: number[] = [];
  let code = 0;
  let length = 0;
  for (const byte of bytes) {
    for (let bit = 7; bit >= 0; bit -= 1) {
      code = code * 2 + ((byte >> bit) & 1);
      length += 1;
      const candidates = BY_LENGTH[length];
      if (candidates === undefined) return null;
      const symbol = candidates.symbols[code - candidates.firstCode];
      if (symbol === undefined) continue;
      if (symbol === END_OF_STRING) return null;
      symbols.push(symbol);
      code = 0;
      length = 0;
    }
  }
  const paddingIsOnes = code === 2 ** length - 1;
  return length < 8 && paddingIsOnes ? Uint8Array.from(symbols) : null;
}

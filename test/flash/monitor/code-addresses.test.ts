import { describe, expect, it } from 'vitest';
import { findCodeAddresses } from '../../../src/flash/monitor/code-addresses.ts';
import { runningElfSha256 } from '../../../src/flash/monitor/elf-identity.ts';

const found = (text: string) =>
  findCodeAddresses(text).map(
    ({ address, role, isReturn, isGuess }) =>
      `${role} ${address.toString(16)}${isReturn ? ' return' : ''}${isGuess ? ' perhaps' : ''}`,
  );

describe('code addresses', () => {
  it.each([
    [
      'Backtrace: 0x400d1234:0x3ffb0010 0x400e5678:0x3ffb0030 |<-CORRUPTED',
      ['backtrace 400d1234', 'backtrace 400e5678'],
    ],
    ['Backtrace:0x42001234:0x3fc90010', ['backtrace 42001234']],
    [
      'PC      : 0x400d1234  PS      : 0x00060a30  A0      : 0x800d5678  A1      : 0x3ffb5000',
      ['PC 400d1234', 'A0 400d5678 return'],
    ],
    [
      'MEPC    : 0x42001234  RA      : 0x42005678  SP      : 0x3fc90000  GP      : 0x3fc8b000',
      ['MEPC 42001234', 'RA 42005678 return'],
    ],
    ['EPC1    : 0x400d1234  EPC2    : 0x00000000', ['EPC1 400d1234', 'EPC2 0']],
    ['abort() was called at PC 0x400d1234 on core 0', ['PC 400d1234']],
    [
      '3fc92310: 0x00000000 0x42001234 0x3fc90000',
      ['stack 0 return perhaps', 'stack 42001234 return perhaps', 'stack 3fc90000 return perhaps'],
    ],
    ['entry 0x40080640', []],
    ['load:0x40080400,len:3964', []],
    ['I (5) app: at 0x400d1234', []],
  ])('in %j', (text, addresses) => {
    expect(found(text)).toEqual(addresses);
  });
});

describe('the ELF that runs', () => {
  it.each([
    ['I (27) cpu_start: ELF file SHA256:  0123abcd4567...', '0123abcd4567'],
    ['ELF file SHA256: 0123abcd4567ef89', '0123abcd4567ef89'],
    ['otakit-hello 1.0.0 on ESP32, ELF 0123abcd4567ef89', '0123abcd4567ef89'],
    ['an ELF is not named', null],
  ])('by %j', (text, digest) => {
    expect(runningElfSha256(text)).toBe(digest);
  });
});

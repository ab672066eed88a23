export { firmware } from './boot.ts';
export {
  type BootContext,
  VirtualChip,
  type VirtualChipOptions,
} from './chip.ts';
export { VIRTUAL_CHIP_CODES, VirtualChipError } from './codes.ts';
export { type ChipFaults, parseChipFaults } from './faults.ts';
export { listenRfc2217 } from './listen-rfc2217.ts';
export { listenPty } from './listen-pty.ts';
export { type ChipListener, listenTcp } from './listen-tcp.ts';
export { NorFlash } from './nor-flash.ts';
export { profileOf, VIRTUAL_CHIPS, type VirtualChipName } from './profile.ts';
export { linkToChip, simLinks } from './sim-link.ts';

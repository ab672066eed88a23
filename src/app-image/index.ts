/**
 * ESP app images: what a file is, whether a device could take it, and how to make, merge and split
 * them. Pure: bytes in, values out, in Node and in browsers.
 *
 * @module
 */
export { type ByteSource, memorySource } from '../shared/index.ts';
export {
  type AppDescriptor,
  type AppDescriptorFields,
  type AppDescriptorTexts,
  parseAppDescriptor,
  serializeAppDescriptor,
} from './app-descriptor.ts';
export { type BootloaderDescriptor, parseBootloaderDescriptor } from './bootloader-descriptor.ts';
export { buildAppImage, type BuildImageOptions, type SegmentData } from './build-app-image.ts';
export { type AppImageCheck, checkAppImage, type CheckOptions } from './check-app-image.ts';
export type { Audience } from './check-descriptor.ts';
export { DESCRIPTOR_SPI_MODES, type DeviceFacts } from './check-device.ts';
export type { SignatureRequirements } from './check-signature.ts';
export { fitIntoSlots, type SlotFit } from './check-slots.ts';
export { APP_IMAGE_CODES, type AppImageCode, AppImageError, type AppImageIssue } from './codes.ts';
export { describeEmbeddedImage, describeNotAppImage, type NotAnAppImage } from './describe.ts';
export {
  type ExtendedHeader,
  formatRevision,
  type ImageHeader,
  parseImageHeader,
  serializeImageHeader,
  SPI_MODES,
} from './header.ts';
export type {
  AppImage,
  BootloaderImage,
  ChecksumState,
  EmbeddedImage,
  HashState,
  ImageFacts,
  ImageInspection,
  MergedImage,
  OtherFile,
  Segment,
} from './image.ts';
export { inspectImage } from './inspect-image.ts';
export { parseAppImage } from './parse-app-image.ts';
export type { SignatureArea, SignatureV1, SignatureV2 } from './signature/area.ts';
export {
  describeKey,
  type EcdsaCurve,
  type PublicKey,
  type SignatureBlock,
} from './signature/block.ts';
export { parsePublicKey } from './signature/public-key.ts';
export { type SignatureVerdict, verifySignature } from './signature/verify.ts';
export { type ImagePart, planSplit, type SplitPlan } from './split-image.ts';
export { expandFlashFile } from './flash-file/expand.ts';
export { parseIntelHex, serializeIntelHex } from './flash-file/intel-hex.ts';
export { type FlashRange, joinRanges, rangeEnd, rangesSource } from './flash-file/range.ts';
export {
  parseUf2,
  serializeUf2,
  type Uf2Contents,
  uf2MaxChunkBytes,
  type Uf2Options,
} from './flash-file/uf2.ts';
export {
  checkMerge,
  type MergeCheck,
  type MergeCheckOptions,
  type MergePart,
  mergeRaw,
  type MergeRawOptions,
} from './merge.ts';
export { type FlasherArgs, parseFlasherArgs } from './flasher-args.ts';
export { type FlashSettings, patchImageHeader } from './patch-header.ts';
export { type CodeLocation, type CodeMap, createCodeMap } from './elf/code-map.ts';
export { demangle } from './elf/demangle/demangle.ts';
export { type FromElfOptions, imageFromElf, type ImageFromElf } from './elf/from-elf.ts';
export { type Elf, type ElfPiece, type ElfSymbol, parseElf } from './elf/parse-elf.ts';
export { type Change, diffImages, diffSymbols, type ImageDiff } from './diff-images.ts';

import { chipByName } from '../chips/index.ts';
import { formatCount, formatHex, formatSize } from '../shared/index.ts';
import type { AppImageIssue } from './codes.ts';
import type {
  BootloaderImage,
  EmbeddedImage,
  ImageInspection,
  MergedImage,
  OtherFile,
} from './image.ts';

/** Anything but an app image. */
export type NotAnAppImage = Exclude<ImageInspection, { kind: 'app-image' }>;

/**
 * Says of a file that is no app image what it is and what to do about it, in one issue. Every command
 * that wants an app image (`image check`, `serve`, `simulate`, …) uses these words.
 *
 * @param fileName as the user gave it, for the command in the hint
 */
export function describeNotAppImage(inspection: NotAnAppImage, fileName = 'FILE'): AppImageIssue {
  if (inspection.kind === 'merged-image') {
    return issue(inspection.kind, mergedMessage(inspection), mergedHint(inspection, fileName));
  }
  if (inspection.kind === 'bootloader') {
    const hint = 'Give the app image of the same build.';
    return issue(inspection.kind, bootloaderMessage(inspection), hint);
  }
  // What was found wrong on the way (cut short, unreadable) says more than that nothing was found.
  return inspection.issues[0] ?? describeOther(inspection, fileName);
}

function describeOther({ kind, sizeBytes }: OtherFile, fileName: string): AppImageIssue {
  const size = `${formatCount(sizeBytes)} bytes`;
  const split = `Take the images out of it: otakit image split ${fileName} -o DIR`;
  const words: Readonly<Record<OtherFile['kind'], readonly [message: string, hint: string]>> = {
    'partition-table': [
      `this is a partition table (${size}), not an app image`,
      'Give it as --partitions, and the .bin file of the app as the image.',
    ],
    elf: [
      `this is an ELF program (${size}), not an app image`,
      `Make an image of it: otakit image from-elf ${fileName} --chip CHIP -o app.bin`,
    ],
    uf2: [`this is a UF2 file (${size}), not an app image`, split],
    'intel-hex': [`this is an Intel HEX file (${size}), not an app image`, split],
    gzip: [
      `this is compressed with gzip (${size}), and devices do not decompress`,
      'Unpack it with gunzip and give the unpacked image.',
    ],
    html: [
      `this is a web page (${size}), not an app image`,
      'A download probably saved a log-in or error page. Open it in a browser to see, and fetch the image again.',
    ],
    'empty-flash': [
      sizeBytes === 0 ? 'the file is empty' : `all ${size} are 0xFF, as erased flash reads`,
      'Build the image again; if this was read from a board, nothing is flashed there.',
    ],
    encrypted: [
      `the ${size} are as random as only encrypted flash contents are`,
      'Give the image from before encryption: a device that encrypts its flash does so itself.',
    ],
    unknown: [
      `this is no image: it does not start with byte 0xe9 (${size})`,
      'Give the .bin file that the build made for the app.',
    ],
  };
  return issue(kind, ...words[kind]);
}

/** One line on an image inside a merged image: where it lies, whose it is, its version and length. */
export function describeEmbeddedImage(image: EmbeddedImage): string {
  const { kind, chip, flashOffset, partitionName, appDescriptor, lengthBytes, complete } = image;
  const name = kind === 'app-image' ? 'app image' : 'bootloader';
  const place = `${formatHex(flashOffset)}${partitionName === null ? '' : ` (${partitionName})`}`;
  const facts = [
    chip === null ? 'unknown chip' : chipByName(chip).title,
    ...(appDescriptor === null ? [] : [`version ${appDescriptor.version ?? '(not UTF-8)'}`]),
    `${formatCount(lengthBytes)} bytes`,
    ...(complete ? [] : ['cut short']),
  ];
  return `${name} at ${place}: ${facts.join(', ')}`;
}

function mergedMessage({ sizeBytes, images }: MergedImage): string {
  const apps = images.filter((image) => image.kind === 'app-image');
  const inside =
    apps.length === 0
      ? 'no app image lies inside'
      : `inside: ${apps.map(describeEmbeddedImage).join('; ')}`;
  return `this is a merged image or flash dump (${formatSize(sizeBytes)}), which a device cannot take over the air; ${inside}`;
}

function mergedHint({ images }: MergedImage, fileName: string): string {
  return images.some((image) => image.kind === 'app-image')
    ? `Take the app image out: otakit image split ${fileName} -o DIR`
    : 'Give the .bin file that the build made for the app.';
}

function bootloaderMessage({ chip, sizeBytes }: BootloaderImage): string {
  const whose = chip === null ? '' : ` of an ${chipByName(chip).title}`;
  return `this is the second-stage bootloader${whose} (${formatCount(sizeBytes)} bytes), not an app image`;
}

function issue(kind: NotAnAppImage['kind'], message: string, hint: string): AppImageIssue {
  return { code: `app-image/${kind}`, severity: 'error', message, hint };
}

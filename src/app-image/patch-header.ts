import { type Chip, chipByName } from '../chips/index.ts';
import { memorySource, sha256 } from '../shared/index.ts';
import { AppImageError } from './codes.ts';
import { describeNotAppImage } from './describe.ts';
import { SPI_MODES } from './header.ts';
import { inspectImage } from './inspect-image.ts';

/** Flash settings of an image header; what is left out stays as it is. */
export interface FlashSettings {
  /** One of {@link SPI_MODES}, such as `dio`. */
  readonly mode?: string;
  /** As the chip names it, such as `80m`. */
  readonly frequency?: string;
  /** As the chip names it, such as `4MB`. */
  readonly size?: string;
}

/** Byte offsets within the header. */
const MODE_OFFSET = 2;
const SIZE_AND_FREQUENCY_OFFSET = 3;

/**
 * Changes the flash settings in the header of an app image or bootloader, and makes the appended
 * SHA-256 anew, without which a device refuses the image.
 *
 * @returns a new image; bytes behind it are kept
 * @throws AppImageError `app-image/bad-flash-setting`, `app-image/patch-signed` where a signature would
 * become invalid, or what is wrong with the image
 */
export async function patchImageHeader(
  image: Uint8Array,
  settings: FlashSettings,
): Promise<Uint8Array<ArrayBuffer>> {
  const inspection = await inspectImage(memorySource(image));
  if (inspection.kind !== 'app-image' && inspection.kind !== 'bootloader') {
    const { message, hint } = describeNotAppImage(inspection);
    throw new AppImageError(`app-image/${inspection.kind}`, message, { hint });
  }
  const { chip, header, hash, checksum, imageLengthBytes, signature } = inspection;
  const complete = imageLengthBytes !== null && imageLengthBytes <= image.length;
  if (chip === null || !complete || !checksum.valid) {
    throw new AppImageError('app-image/patch-damaged', 'a damaged image is not patched', {
      hint: 'See `otakit image info` for what is wrong with it. Build or copy it again.',
    });
  }
  if (signature !== null) {
    throw new AppImageError(
      'app-image/patch-signed',
      'the image is signed, and its signature covers the header',
      { hint: 'Patch the image before it is signed.' },
    );
  }
  const known = chipByName(chip);
  const mode = settings.mode === undefined ? header.spiMode : spiMode(settings.mode);
  const frequency =
    settings.frequency === undefined
      ? header.flashFrequency
      : nibble(known, 'frequency', known.flashFrequencies, settings.frequency);
  const size =
    settings.size === undefined
      ? header.flashSize
      : nibble(known, 'size', known.flashSizes, settings.size);
  const patched = new Uint8Array(image);
  patched[MODE_OFFSET] = mode;
  patched[SIZE_AND_FREQUENCY_OFFSET] = (size << 4) | frequency;
  if (hash.appended) {
    const hashOffset = imageLengthBytes - 32;
    patched.set(await sha256(patched.subarray(0, hashOffset)), hashOffset);
  }
  return patched;
}

function spiMode(name: string): number {
  const mode = SPI_MODES.findIndex((known) => known === name.toLowerCase());
  if (mode >= 0) return mode;
  throw badSetting(`${name} is no SPI mode`, SPI_MODES);
}

function nibble(chip: Chip, what: string, table: Chip['flashSizes'], label: string): number {
  const found = table.find(([, known]) => known.toLowerCase() === label.toLowerCase());
  if (found !== undefined) return found[0];
  throw badSetting(
    `the ${chip.title} has no flash ${what} ${label}`,
    table.map(([, known]) => known),
  );
}

function badSetting(message: string, known: readonly string[]): AppImageError {
  return new AppImageError('app-image/bad-flash-setting', message, {
    hint: `Choose one of ${known.join(', ')}.`,
  });
}

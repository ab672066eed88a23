import type { AppImageIssue } from './codes.ts';
import { isLimit } from './check-layout.ts';
import { formatRevision } from './header.ts';
import type { AppImage } from './image.ts';

/** What is known of the device beyond its chip and table; what is left out is not checked. */
export interface DeviceFacts {
  /** Revision of the chip, major × 100 + minor. */
  readonly chipRevision?: number;
  /** Revision of its eFuse block, major × 100 + minor. */
  readonly efuseBlockRevision?: number;
  /** The secure version burnt into its eFuses. */
  readonly secureVersion?: number;
  /** What the running app says of its flash; a name of {@link DESCRIPTOR_SPI_MODES}. */
  readonly spiFlashMode?: (typeof DESCRIPTOR_SPI_MODES)[number];
}

/** SPI flash modes as the app descriptor counts them from 1; 0 says nothing. */
export const DESCRIPTOR_SPI_MODES = ['qio', 'qout', 'dio', 'dout', 'opi'] as const;

/** Checks an image against one particular device. */
export function checkDevice(image: AppImage, device: DeviceFacts): AppImageIssue[] {
  return [
    ...checkChipRevision(image, device.chipRevision),
    ...checkEfuseBlock(image, device.efuseBlockRevision),
    ...checkSecureVersion(image, device.secureVersion),
    ...checkSpiMode(image, device.spiFlashMode),
  ];
}

function checkChipRevision({ header }: AppImage, revision: number | undefined): AppImageIssue[] {
  const { extended } = header;
  if (revision === undefined || extended === null) return [];
  const { minChipRevision: min, maxChipRevision: max } = extended;
  if (revision >= min && (!isLimit(max) || revision <= max)) return [];
  return [
    {
      code: 'app-image/chip-revision',
      severity: 'error',
      message: `the image allows chip revisions ${range(min, max)}; the device has ${formatRevision(revision)}`,
      hint: 'Build it with CONFIG_ESP32…_REV_MIN (and REV_MAX) that include the device.',
      location: { kind: 'binary', fileOffset: 15 },
    },
  ];
}

function checkEfuseBlock(
  { appDescriptor, chip }: AppImage,
  revision: number | undefined,
): AppImageIssue[] {
  // The ESP32 has no eFuse block revision, and its bootloader does not look at the range.
  if (revision === undefined || appDescriptor === null || chip === 'esp32') return [];
  const { minEfuseBlockRevision: min, maxEfuseBlockRevision: max } = appDescriptor;
  if (revision >= min && (!isLimit(max) || revision <= max)) return [];
  return [
    {
      code: 'app-image/efuse-block-revision',
      severity: 'error',
      message: `the image allows eFuse block revisions ${range(min, max)}; the device has ${formatRevision(revision)}`,
      hint: 'Build it for a range of eFuse block revisions that includes the device.',
      location: { kind: 'binary', fileOffset: 208 },
    },
  ];
}

function checkSecureVersion(
  { appDescriptor }: AppImage,
  burnt: number | undefined,
): AppImageIssue[] {
  if (burnt === undefined || appDescriptor === null) return [];
  const { secureVersion } = appDescriptor;
  if (secureVersion >= burnt) return [];
  return [
    {
      code: 'app-image/secure-version-too-low',
      severity: 'error',
      message: `the image has secure version ${secureVersion}, the eFuses of the device say ${burnt}`,
      hint: 'Build it with CONFIG_BOOTLOADER_APP_SECURE_VERSION at least as high.',
      location: { kind: 'binary', fileOffset: 36 },
    },
  ];
}

function checkSpiMode(
  { appDescriptor }: AppImage,
  running: DeviceFacts['spiFlashMode'],
): AppImageIssue[] {
  const mode = appDescriptor?.spiFlashMode ?? 0;
  if (running === undefined || mode === 0) return [];
  const built = DESCRIPTOR_SPI_MODES[mode - 1] ?? `unknown (${mode})`;
  if (built === running) return [];
  return [
    {
      code: 'app-image/spi-mode-mismatch',
      severity: 'error',
      message: `the image was built for flash in ${built} mode, the device runs ${running}`,
      hint: 'Build it with the flash mode of the device (CONFIG_ESPTOOLPY_FLASHMODE).',
      location: { kind: 'binary', fileOffset: 213 },
    },
  ];
}

function range(min: number, max: number): string {
  return isLimit(max)
    ? `${formatRevision(min)} to ${formatRevision(max)}`
    : `${formatRevision(min)} and up`;
}

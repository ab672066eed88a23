import { describeNotAppImage, inspectImage, parseAppDescriptor } from '../../app-image/index.ts';
import { type Issue, memorySource } from '../../shared/index.ts';
import type { UrlCheckOptions } from '../check-url.ts';
import type { MachineConfigCode } from '../codes.ts';
import { type DownloadStart, fetchStart } from './fetch-start.ts';

/** What a device would meet at a URL. */
export interface Preflight {
  /** Where redirects led. */
  readonly url: string;
  readonly sizeBytes: number;
  /** The version in the image's app descriptor; `null` where there is none. */
  readonly version: string | null;
  readonly issues: readonly Issue<MachineConfigCode>[];
}

const IMAGE_MAGIC = 0xe9;
/** Image header and header of the first segment, before the app descriptor. */
const DESCRIPTOR_OFFSET = 32;
const DESCRIPTOR_BYTES = 256;
/** What the device holds of the header before it looks at it. */
const HEADER_BYTES = DESCRIPTOR_OFFSET + DESCRIPTOR_BYTES;
/** The device copies version, and date with time, into text fields of this size. */
const DEVICE_TEXT_BYTES = 24;
/** Enough to tell a merged image by the partition table inside. */
const WANTED_BYTES = 0xa000;
const TIMEOUT_MS = 30_000;

/**
 * Fetches the start of an image as a device would (HTTP/2 only, bare request, its rules for
 * redirects) and looks at the header as it would.
 *
 * @throws MachineConfigError `machine-config/preflight-…` when the device could not download it
 */
export async function preflightUrl(
  url: string,
  options: UrlCheckOptions & { readonly signal?: AbortSignal; readonly timeoutMs?: number } = {},
): Promise<Preflight> {
  const { signal, timeoutMs = TIMEOUT_MS } = options;
  const timeout = AbortSignal.timeout(timeoutMs);
  const stop = signal === undefined ? timeout : AbortSignal.any([timeout, signal]);
  const start = await fetchStart(url, WANTED_BYTES, options, stop);
  signal?.throwIfAborted();
  const descriptor =
    start.bytes[0] === IMAGE_MAGIC && start.bytes.length >= HEADER_BYTES
      ? parseAppDescriptor(start.bytes.subarray(DESCRIPTOR_OFFSET))
      : null;
  const issues =
    descriptor === null
      ? [await notAnAppImage(start)]
      : [...checkTexts(descriptor), ...checkFirstPiece(start)];
  const { sizeBytes } = start;
  return { url: start.url, sizeBytes, version: descriptor?.version ?? null, issues };
}

async function notAnAppImage({ bytes, sizeBytes }: DownloadStart) {
  const inspection = await inspectImage(memorySource(bytes));
  const known = inspection.kind !== 'app-image' && inspection.kind !== 'unknown';
  const described = known ? describeNotAppImage(inspection) : null;
  return issue(
    'preflight-not-an-app-image',
    'error',
    `the ${sizeBytes} bytes at the URL are no app image${described === null ? '' : `: ${described.message}`}`,
    described?.hint ??
      'Serve the .bin of the app alone; `otakit image info FILE` says what a file is.',
  );
}

function checkTexts({
  version,
  versionBytes,
  date,
  time,
}: NonNullable<ReturnType<typeof parseAppDescriptor>>): readonly Issue<MachineConfigCode>[] {
  const dateBytes = `${date ?? ''} ${time ?? ''}`.length;
  if (
    version !== null &&
    versionBytes.length <= DEVICE_TEXT_BYTES &&
    dateBytes <= DEVICE_TEXT_BYTES
  ) {
    return [];
  }
  const what =
    version === null
      ? 'the version in the image is not UTF-8'
      : versionBytes.length > DEVICE_TEXT_BYTES
        ? `the version "${version}" in the image has ${versionBytes.length} bytes`
        : `date and time in the image have ${dateBytes} bytes`;
  return [
    issue(
      'preflight-version',
      'error',
      `${what}, and the device holds ${DEVICE_TEXT_BYTES}`,
      'Build with a shorter version: PROJECT_VER, or a git tag of your repository.',
    ),
  ];
}

/** The operating system may hand over less than a frame, so this is a hint and no proof. */
function checkFirstPiece({ firstPieceBytes }: DownloadStart): readonly Issue<MachineConfigCode>[] {
  if (firstPieceBytes >= HEADER_BYTES) return [];
  return [
    issue(
      'preflight-small-frame',
      'warning',
      `the first piece of the answer has ${firstPieceBytes} bytes, and the device reads the header from one of ${HEADER_BYTES} or more`,
      'If the device reports "initial frame too small", serve the image with `otakit serve`.',
    ),
  ];
}

type Name = MachineConfigCode extends `machine-config/${infer Rest}` ? Rest : never;

function issue(
  code: Extract<Name, `preflight-${string}`>,
  severity: 'error' | 'warning',
  message: string,
  hint: string,
): Issue<MachineConfigCode> {
  return { code: `machine-config/${code}`, severity, message, hint };
}

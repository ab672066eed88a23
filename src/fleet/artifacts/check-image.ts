import { type AppImage, checkAppImage } from '../../app-image/index.ts';
import { chipByName } from '../../chips/index.ts';
import { type ByteSource, formatSize, type Issue, parseSize } from '../../shared/index.ts';
import type { Blueprint } from '../blueprints/blueprint.ts';
import { tableOf } from '../blueprints/read-table.ts';
import { FleetError } from '../codes.ts';
import type { ArtifactImage } from './artifact.ts';

/** One finding, with the hardware that it was found for. */
export interface BlueprintIssue extends Issue {
  readonly blueprintId: string;
}

/**
 * Checks an app image against every blueprint that it is for: chip, flash size, and each slot of the
 * partition table.
 *
 * @throws FleetError `fleet/refused-image` with all that is wrong on any of them
 */
export async function checkImage(
  source: ByteSource,
  blueprints: readonly Blueprint[],
): Promise<ArtifactImage> {
  const issues: BlueprintIssue[] = [];
  let image: AppImage | null = null;
  for (const blueprint of blueprints) {
    const { blueprintId, chip } = blueprint;
    const check = await checkAppImage(source, {
      table: tableOf(blueprint),
      chip,
      audience: 'esp-idf',
    });
    if (check.inspection.kind === 'app-image') image = check.inspection;
    const found = [...check.issues, ...(image === null ? [] : checkFlashSize(image, blueprint))];
    issues.push(...found.map((issue) => ({ ...issue, blueprintId })));
  }
  const errors = issues.filter(({ severity }) => severity === 'error');
  if (image === null || image.chip === null || errors.length > 0) {
    throw refused(errors, issues);
  }
  return {
    chip: image.chip,
    projectName: image.appDescriptor?.projectName ?? null,
    descriptorVersion: image.appDescriptor?.version ?? null,
    secureVersion: image.appDescriptor?.secureVersion ?? 0,
    imageHash: image.hash.stored,
    appElfSha256: image.appDescriptor?.appElfSha256 ?? null,
  };
}

/** The app aborts at start where the chip's flash is smaller than the header says. */
function checkFlashSize(
  { header, chip }: AppImage,
  { flashSizeBytes, chip: wanted }: Blueprint,
): Issue[] {
  const label = chipByName(chip ?? wanted).flashSizes.find(([at]) => at === header.flashSize)?.[1];
  const sizeBytes = label === undefined ? null : parseSize(label);
  if (sizeBytes === null || sizeBytes <= flashSizeBytes) return [];
  return [
    {
      code: 'fleet/flash-too-small',
      severity: 'error',
      message: `the image is built for ${label} of flash, the device has ${formatSize(flashSizeBytes)}`,
      hint: `Set CONFIG_ESPTOOLPY_FLASHSIZE to ${formatSize(flashSizeBytes)} and build again.`,
      location: { kind: 'binary', fileOffset: 3 },
    },
  ];
}

function refused(errors: readonly BlueprintIssue[], issues: readonly BlueprintIssue[]): FleetError {
  // The same finding for five blueprints is one reason.
  const reasons = Map.groupBy(errors, ({ message }) => message);
  const text = [...reasons].map(([message, found]) => {
    const boards = found.map(({ blueprintId }) => blueprintId).join(', ');
    return `${message} (${boards})`;
  });
  return new FleetError('fleet/refused-image', `No device could take it: ${text.join('; ')}.`, {
    hint: errors[0]?.hint ?? 'Take the app image that idf.py build leaves in build/.',
    details: { issues },
  });
}

import type { Issue } from '../shared/index.ts';
import { checkOtaUrl, type UrlCheckOptions } from './check-url.ts';
import type { MachineConfigCode } from './codes.ts';
import type { MachineConfigDocument } from './document.ts';
import type { OtaSettings } from './edit.ts';
import {
  describeFragment,
  type Fragments,
  type FragmentVersion,
  unreadFragments,
} from './fragment-use.ts';
import {
  type ConfigKind,
  describeService,
  findOtaServices,
  type OtaService,
} from './ota-service.ts';
import { redactUrl, shownValue } from './redact.ts';
import { checkTag, looksOlder } from './version-tag.ts';

/**
 * All that is wrong with new settings, before anything is written.
 *
 * @param present the service as it is now, or `null` where it is to be added
 */
export function checkSettings(
  { url, version }: OtaSettings,
  present: Pick<OtaService, 'url' | 'version'> | null,
  options: UrlCheckOptions = {},
): readonly Issue<MachineConfigCode>[] {
  return [
    ...(url === undefined ? presentUrl(present, options) : checkOtaUrl(url, options)),
    ...(version === undefined ? presentTag(present) : checkTag(version)),
    ...checkChange({ url, version }, present),
  ];
}

/** All that is wrong with a machine config as it is: what its device would trip over. */
export function validateMachineConfig(
  document: MachineConfigDocument,
  fragments: Fragments = new Map(),
  kind: ConfigKind = 'machine',
): readonly Issue<MachineConfigCode>[] {
  const services = findOtaServices(document.value, fragments, kind);
  const [first] = services;
  return [
    ...document.issues,
    ...(services.length > 1 ? [severalServices(services)] : []),
    ...(first === undefined ? [noService()] : [...presentUrl(first), ...presentTag(first)]),
    ...checkFragments(document, fragments),
  ];
}

/** A fragment that is not known may bring an OTA service that the device would meet as well. */
export function checkFragments(
  { value }: MachineConfigDocument,
  fragments: Fragments,
): readonly Issue<MachineConfigCode>[] {
  return unreadFragments(value, fragments).map(fragmentNotRead);
}

/** The device takes the first service of its merged config, whichever was named here. */
export function checkFirst(
  chosen: OtaService,
  services: readonly OtaService[],
): readonly Issue<MachineConfigCode>[] {
  const [first] = services;
  if (first === undefined || first === chosen) return [];
  return [
    {
      code: 'machine-config/not-first-service',
      severity: 'warning',
      message: `the device uses ${describeService(first)}, the first of ${services.length} OTA services, and not ${describeService(chosen)}`,
      hint: `Remove ${describeService(first)}, or name it with --service.`,
    },
  ];
}

function checkChange(
  { url, version }: { url: string | undefined; version: string | undefined },
  present: Pick<OtaService, 'url' | 'version'> | null,
): readonly Issue<MachineConfigCode>[] {
  if (present === null) return [];
  const urlChanges = url !== undefined && url !== present.url;
  if (version !== undefined && version === present.version) {
    return [
      {
        code: 'machine-config/tag-unchanged',
        severity: 'error',
        message: `the version tag is "${version}" already${urlChanges ? ', and a new URL alone triggers no update' : ''}`,
        hint: 'Devices update when the tag differs: choose another, or let --bump make one.',
      },
    ];
  }
  if (version === undefined && urlChanges) {
    return [
      {
        code: 'machine-config/url-without-tag',
        severity: 'warning',
        message: `the URL changes to ${redactUrl(url)}, but the version tag stays`,
        hint: 'The device restarts but does not update. Add --tag or --bump if it should.',
      },
    ];
  }
  if (version === undefined || typeof present.version !== 'string') return [];
  if (!looksOlder(version, present.version)) return [];
  return [
    {
      code: 'machine-config/tag-older',
      severity: 'warning',
      message: `"${version}" looks older than the present "${present.version}"`,
      hint: 'Devices take any tag that differs, so this is a downgrade if the image is older.',
    },
  ];
}

function presentUrl(
  present: Pick<OtaService, 'url'> | null,
  options: UrlCheckOptions = {},
): readonly Issue<MachineConfigCode>[] {
  const url = present?.url;
  if (typeof url === 'string') return checkOtaUrl(url, options);
  if (url === undefined || url === null) {
    return [
      {
        code: 'machine-config/url-missing',
        severity: 'error',
        message: 'the OTA service has no url',
        hint: 'Set one with `otakit config set --url URL`.',
      },
    ];
  }
  return [
    {
      code: 'machine-config/url-not-text',
      severity: 'error',
      message: `the url is ${shownValue(url)}, and the device takes a string only`,
      hint: 'Set it with `otakit config set --url URL`.',
    },
  ];
}

function presentTag(
  present: Pick<OtaService, 'version'> | null,
): readonly Issue<MachineConfigCode>[] {
  const version = present?.version;
  if (typeof version === 'string') return checkTag(version);
  if (version === undefined || version === null) {
    return [
      {
        code: 'machine-config/tag-missing',
        severity: 'error',
        message: 'the OTA service has no version',
        hint: 'Set one with `otakit config set --tag TAG`.',
      },
    ];
  }
  return [
    {
      code: 'machine-config/tag-not-text',
      severity: 'error',
      message: `the version is ${shownValue(version)}, and the device takes a string only`,
      hint:
        typeof version === 'object'
          ? 'Set one with `otakit config set --tag TAG`.'
          : `Put it in quotes: otakit config set --tag '${String(version)}'.`,
    },
  ];
}

function severalServices(services: readonly OtaService[]): Issue<MachineConfigCode> {
  return {
    code: 'machine-config/several-services',
    severity: 'error',
    message: `there are ${services.length} OTA services (${services.map(describeService).join(', ')}), and the device uses the first only`,
    hint: 'Remove all but one.',
  };
}

function noService(): Issue<MachineConfigCode> {
  return {
    code: 'machine-config/no-service',
    severity: 'warning',
    message: 'the config has no OTA service, so the device never updates',
    hint: 'Add one with `otakit config set --url URL --tag TAG`.',
  };
}

function fragmentNotRead(fragment: FragmentVersion): Issue<MachineConfigCode> {
  return {
    code: 'machine-config/fragment-not-read',
    severity: 'warning',
    message: `the config uses ${describeFragment(fragment)}, which may bring an OTA service of its own`,
    hint: 'With --part or --fragment otakit reads it from the Viam app; one that is not there, or that the API key may not read, look at there.',
  };
}

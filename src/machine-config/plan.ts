import { hasErrors, type Issue } from '../shared/index.ts';
import { checkFirst, checkFragments, checkSettings } from './check-edit.ts';
import type { UrlCheckOptions } from './check-url.ts';
import type { MachineConfigCode } from './codes.ts';
import { parseMachineConfig } from './document.ts';
import { type EditOptions, type OtaEdit, type OtaSettings, setOtaService } from './edit.ts';
import { checkPins } from './fragment-pins.ts';
import { chooseOtaService, findOtaServices } from './ota-service.ts';
import type { ConfigSnapshot } from './targets/config-target.ts';

/** A change of the OTA service that is checked and worked out, but not yet written. */
export interface OtaPlan {
  /** All that was found; with an error among them there is no edit. */
  readonly issues: readonly Issue<MachineConfigCode>[];
  readonly edit: OtaEdit | null;
}

/** What to set, given the tag that is there now (`null` where there is none). */
export type SettingsFor = (presentTag: string | null) => OtaSettings;

/** Checks new settings against a config and works out the edit, where nothing speaks against it. */
export function planOtaChange(
  {
    text,
    fragments,
    kind = 'machine',
    pins = [],
  }: Pick<ConfigSnapshot, 'text' | 'fragments'> & Partial<Pick<ConfigSnapshot, 'kind' | 'pins'>>,
  settingsFor: SettingsFor,
  options: Pick<EditOptions, 'service'> & UrlCheckOptions = {},
): OtaPlan {
  const document = parseMachineConfig(text);
  const services = findOtaServices(document.value, fragments, kind);
  const present = chooseOtaService(services, options.service);
  const tag = typeof present?.version === 'string' ? present.version : null;
  const settings = settingsFor(tag);
  const issues = [
    ...document.issues,
    ...(present === null ? checkFragments(document, fragments) : checkFirst(present, services)),
    ...checkPins(pins),
    ...checkSettings(settings, present, options),
  ];
  if (hasErrors(issues)) return { issues, edit: null };
  return { issues, edit: setOtaService(text, settings, { ...options, fragments, kind }) };
}

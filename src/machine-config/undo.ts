import { sha256, toHex } from '../shared/index.ts';
import { MachineConfigError } from './codes.ts';
import { type JsonValue, parseMachineConfig } from './document.ts';
import { type EditOptions, type OtaEdit, setOtaService } from './edit.ts';
import type { Fragments } from './fragment-use.ts';
import { findOtaServices, type OtaService } from './ota-service.ts';
import { shownValue } from './redact.ts';
import { removeValue, setValue } from './text-edit.ts';

/** What is kept of an edit so that it can be undone. Plain data: it goes into a file as JSON. */
export interface OtaUndo {
  /** Of the whole text before the edit: while it is still so, there is nothing to undo. */
  readonly beforeSha256: string;
  /** Of the whole text after the edit: while it is still so, undoing restores every byte. */
  readonly afterSha256: string;
  /** The one stretch of the text that the edit replaced. */
  readonly replaced: {
    readonly offset: number;
    readonly length: number;
    readonly content: string;
  };
  readonly service: string;
  /** The two values before, or `null` where the service was added. */
  readonly before: KeptSettings | null;
  readonly after: KeptSettings;
}

/** The two values of a service as kept; a key that was missing is missing here too. */
export interface KeptSettings {
  readonly url?: JsonValue;
  readonly version?: JsonValue;
}

/** What undoes an edit of `text`. */
export async function undoOf(text: string, edit: OtaEdit): Promise<OtaUndo> {
  return {
    beforeSha256: await digest(text),
    afterSha256: await digest(edit.text),
    replaced: difference(edit.text, text),
    service: edit.after.name,
    before: edit.before === null ? null : settingsOf(edit.before),
    after: settingsOf(edit.after),
  };
}

/**
 * The text with an edit undone. Where nothing else changed since, it is the earlier text byte for
 * byte; otherwise only the two values go back, and what others changed meanwhile stays. Where the
 * edit is not in the text (it was interrupted, or undone already), that stays as it is.
 *
 * @throws MachineConfigError `machine-config/changed-since` when somebody else set the values since
 */
export async function undoEdit(
  text: string,
  undo: OtaUndo,
  { fragments = new Map() }: Pick<EditOptions, 'fragments'> = {},
): Promise<string> {
  const presentSha256 = await digest(text);
  if (presentSha256 === undo.beforeSha256) return text;
  if (presentSha256 === undo.afterSha256) {
    const { offset, length, content } = undo.replaced;
    return text.slice(0, offset) + content + text.slice(offset + length);
  }
  const services = findOtaServices(parseMachineConfig(text).value, fragments);
  if (isUndone(services, undo)) return text;
  const present = services.find(({ name }) => name === undo.service);
  if (present === undefined || !sameSettings(settingsOf(present), undo.after)) {
    throw new MachineConfigError(
      'machine-config/changed-since',
      `the OTA service "${undo.service}" no longer has the tag ${shownValue(undo.after.version ?? null)} that is to be undone`,
      {
        hint: 'Look at it with `otakit config show`, and set what you want with `otakit config set`.',
        details: { service: undo.service, expected: undo.after.version ?? null },
      },
    );
  }
  return undo.before === null
    ? withoutService(text, present)
    : withSettings(text, present, undo, fragments);
}

/** Where the service was added, there was none before. */
function isUndone(services: readonly OtaService[], { before, service }: OtaUndo): boolean {
  if (before === null) return services.length === 0;
  const present = services.find(({ name }) => name === service);
  return present !== undefined && sameSettings(settingsOf(present), before);
}

function withoutService(text: string, { source }: OtaService): string {
  return source.kind === 'own' ? removeValue(text, ['services', source.index]) : text;
}

function withSettings(
  text: string,
  { name, source }: OtaService,
  { before }: OtaUndo,
  fragments: Fragments,
): string {
  if (source.kind === 'fragment') {
    const strings = Object.entries(before ?? {}).filter(([, value]) => typeof value === 'string');
    return setOtaService(text, Object.fromEntries(strings), { service: name, fragments }).text;
  }
  return (['url', 'version'] as const).reduce((result, key) => {
    const path = ['services', source.index, 'attributes', key];
    const value = before?.[key];
    return value === undefined ? removeValue(result, path) : setValue(result, path, value);
  }, text);
}

function settingsOf({ url, version }: Pick<OtaService, 'url' | 'version'>): KeptSettings {
  return { ...(url === undefined ? {} : { url }), ...(version === undefined ? {} : { version }) };
}

function sameSettings(a: KeptSettings, b: KeptSettings): boolean {
  return a.url === b.url && a.version === b.version;
}

/** The one replacement that turns `from` into `to`. */
function difference(from: string, to: string): OtaUndo['replaced'] {
  const shorter = Math.min(from.length, to.length);
  let start = 0;
  while (start < shorter && from[start] === to[start]) start += 1;
  let tail = 0;
  while (tail < shorter - start && from[from.length - 1 - tail] === to[to.length - 1 - tail]) {
    tail += 1;
  }
  return {
    offset: start,
    length: from.length - start - tail,
    content: to.slice(start, to.length - tail),
  };
}

async function digest(text: string): Promise<string> {
  return toHex(await sha256(new TextEncoder().encode(text)));
}

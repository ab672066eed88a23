import {
  type ConfigTarget,
  type OtaService,
  redactConfig,
  redactUrl,
  redactValue,
  shownValue,
} from '../../machine-config/index.ts';
import { printable } from '../../shared/index.ts';
import type { CliContext } from '../context.ts';
import { renderTextDiff } from '../text-diff.ts';
import type { Change } from './apply-change.ts';

/** The stable shape of a change for `--json`; URLs are masked. */
export function describeChange(target: ConfigTarget, { edit, issues, written }: Change) {
  return {
    target: target.id,
    written,
    service: edit?.after.name ?? null,
    before: edit === null || edit.before === null ? null : settings(edit.before),
    after: edit === null ? null : settings(edit.after),
    issues,
  };
}

/** One line for people that says what was changed. */
export function summarizeChange(
  target: ConfigTarget,
  { before, after }: NonNullable<Change['edit']>,
) {
  const what = before === null ? 'added service' : 'service';
  const { version, url } = after;
  const isSameTag = before !== null && before.version === version;
  const tag = isSameTag
    ? `version ${quoted(version)} as before`
    : `version ${quoted(before?.version)} → ${quoted(version)}`;
  const shownUrl = before?.url === url ? '' : `, url ${quoted(url)}`;
  return `${target.label}: ${what} ${printable(after.name)}, ${tag}${shownUrl}\n`;
}

/** What differs between two texts of a config, with secrets masked, to stdout. */
export function renderConfigDiff(before: string, after: string, context: CliContext): void {
  renderTextDiff(redactConfig(before), redactConfig(after), context.stdout, context.env);
}

function settings({ url, version }: OtaService) {
  return {
    url: redactValue(url ?? null),
    version: redactValue(version ?? null),
  };
}

function quoted(value: OtaService['url']): string {
  if (value === undefined) return '(none)';
  return typeof value === 'string'
    ? `"${printable(redactUrl(value))}"`
    : printable(shownValue(value));
}

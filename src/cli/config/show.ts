import {
  checkPins,
  type ConfigKind,
  describeFragment,
  findOtaServices,
  type OtaService,
  parseMachineConfig,
  redactConfig,
  redactUrl,
  redactValue,
  shownValue,
  validateMachineConfig,
} from '../../machine-config/index.ts';
import { printable } from '../../shared/index.ts';
import type { CliContext } from '../context.ts';
import { renderIssues } from '../render-issues.ts';
import { openTarget } from './open-target.ts';
import type { TargetOptions } from './target-options.ts';

/** What `otakit config show` takes. */
export interface ShowOptions extends TargetOptions {
  readonly document?: boolean;
  readonly json?: boolean;
}

/** `otakit config show`. */
export async function show(options: ShowOptions, context: CliContext): Promise<void> {
  const { stdout, stderr, env, signal } = context;
  const target = await openTarget(options, context);
  const { text, fragments, kind, pins } = await target.read(signal);
  const document = parseMachineConfig(text);
  const services = findOtaServices(document.value, fragments, kind);
  const issues = [...validateMachineConfig(document, fragments, kind), ...checkPins(pins)];
  const redacted = redactConfig(text);
  if (options.json) {
    const config = parseMachineConfig(redacted).value;
    const report = { target: target.id, services: services.map(describe), issues, config };
    stdout.write(`${JSON.stringify(report, null, 2)}\n`);
    return;
  }
  if (options.document) {
    stdout.write(redacted.endsWith('\n') ? redacted : `${redacted}\n`);
  } else {
    for (const service of services) stdout.write(`${lines(service, kind).join('\n')}\n`);
  }
  renderIssues(issues, target.label, stderr, env);
}

/** A service for `--json`, its URL masked. */
function describe({ name, model, source, url, version }: OtaService) {
  return {
    name,
    model,
    from:
      source.kind === 'own'
        ? { kind: 'own' }
        : { kind: 'fragment', id: source.use.id, version: source.use.version },
    url: redactValue(url ?? null),
    version: redactValue(version ?? null),
  };
}

function lines(
  { name, model, source, url, version }: OtaService,
  kind: ConfigKind,
): readonly string[] {
  const here = kind === 'machine' ? 'this config' : 'this fragment';
  const from = source.kind === 'own' ? here : describeFragment(source.use);
  return [
    `service  ${printable(name)} (from ${from})`,
    `model    ${model ?? 'not known here'}`,
    `url      ${value(url)}`,
    `version  ${value(version)}`,
  ];
}

function value(json: OtaService['url']): string {
  if (json === undefined) return '(missing)';
  return typeof json === 'string' ? printable(redactUrl(json)) : printable(shownValue(json));
}

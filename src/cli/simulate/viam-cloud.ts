import { basename, resolve } from 'node:path';
import {
  fileTarget,
  type JsonObject,
  parseMachineConfig,
  redactText,
} from '../../machine-config/index.ts';
import { printable } from '../../shared/index.ts';
import { type StoredPart, VirtualViamCloud } from '../../simulator/index.ts';
import { CliError } from '../codes.ts';
import type { CliContext } from '../context.ts';
import { durationOption } from '../duration-option.ts';
import { writeOutputFile } from '../files.ts';
import { portOption } from '../serve/options.ts';
import { parseFault } from './parse-fault.ts';
import { writeViamJson } from './viam-json.ts';

/** What `otakit simulate viam-cloud` takes. */
export interface ViamCloudCommandOptions {
  readonly config: readonly string[];
  readonly fragment?: readonly string[];
  readonly fragmentTag?: readonly string[];
  readonly port?: string;
  readonly bind: string;
  readonly tls?: boolean;
  readonly certificate?: string;
  readonly save?: boolean;
  readonly viamJson?: string;
  readonly partId?: string;
  readonly partSecret?: string;
  readonly apiKey?: string;
  readonly readOnly?: boolean;
  readonly tokenLifetime: string;
  readonly fault?: readonly string[];
  readonly json?: boolean;
}

/** `otakit simulate viam-cloud`; runs until it is interrupted. */
export async function viamCloud(
  options: ViamCloudCommandOptions,
  context: CliContext,
): Promise<void> {
  const { stdout, stderr, signal } = context;
  const port = portOption(options.port ?? '0');
  const tokenLifetimeMs = durationOption('--token-lifetime', options.tokenLifetime);
  if (options.certificate !== undefined && !options.tls) {
    throw new CliError('cli/usage', '--certificate is about --tls', {
      hint: 'Add --tls, or leave --certificate out.',
    });
  }
  const say = (event: object, line: string) => {
    if (options.json) stdout.write(`${JSON.stringify(event)}\n`);
    else stderr.write(`${line}\n`);
  };
  const files = new Map<string, string>();
  // One after the other, so that the file ends up with the newest config.
  let saved = Promise.resolve();
  await using cloud = await VirtualViamCloud.create({
    tokenLifetimeMs,
    onWrite: ({ id, kind, config, history }) => {
      const by = history.at(-1)?.editedBy ?? '';
      say({ event: 'config-written', kind, id, by }, `${kind} ${id} was written by ${by}`);
      const file = options.save ? files.get(id) : undefined;
      if (file === undefined) return;
      const text = `${JSON.stringify(config, null, 2)}\n`;
      saved = saved
        .then(() => save(file, text))
        .catch((thrown: unknown) =>
          say({ event: 'not-saved', file }, `not saved: ${String(thrown)}`),
        );
    },
    onDevice: ({ id, name }, { version, platform = '' }) => {
      say(
        { event: 'device', part: id, version, platform },
        `${name}'s device is here: micro-RDK ${printable(version)} on ${printable(platform)}`,
      );
    },
    onLog: ({ id, name }, { level, message }) => {
      const shown = redactText(message);
      say(
        { event: 'log', part: id, level, message: shown },
        `${name} ${level}: ${printable(shown)}`,
      );
    },
  });
  const parts: StoredPart[] = [];
  for (const [index, file] of options.config.entries()) {
    const part = cloud.addPart({
      name: basename(file).replace(/\.jsonc?$/, ''),
      config: await readConfig(file, signal),
      ...(index === 0 && options.partId ? { id: options.partId } : {}),
      ...(index === 0 && options.partSecret ? { secret: options.partSecret } : {}),
    });
    files.set(part.id, file);
    parts.push(part);
  }
  for (const entry of options.fragment ?? []) {
    const [id, file] = pair(entry, '=', '--fragment id=file.json');
    cloud.addFragment({ id, config: await readConfig(file, signal) });
    files.set(id, file);
  }
  for (const entry of options.fragmentTag ?? []) {
    const [id, tag] = pair(entry, '=', '--fragment-tag id=tag');
    cloud.tagFragment(id, tag);
  }
  for (const fault of options.fault ?? []) cloud.inject(parseFault(fault));
  const [id, key] = options.apiKey ? pair(options.apiKey, ':', '--api-key id:key') : [];
  const apiKey = cloud.addApiKey(
    options.readOnly ? 'reader' : 'operator',
    id === undefined || key === undefined ? {} : { id, key },
  );
  if (options.certificate !== undefined) {
    await writeOutputFile(options.certificate, cloud.certificate, { overwrite: true });
  }
  const { url } = await cloud.listen({ port, bind: options.bind, tls: options.tls ?? false });
  const [first] = parts;
  if (options.viamJson !== undefined && first !== undefined) {
    await writeViamJson(options.viamJson, { appAddress: url, id: first.id, secret: first.secret });
  }
  if (options.json) {
    const described = parts.map(({ id, name, secret }) => ({ id, name, secret }));
    say({ event: 'listening', url, parts: described, apiKey }, '');
  } else {
    stdout.write(introduction(url, parts, apiKey));
    if (options.tls) stdout.write(trustHint(options.certificate));
  }
  await aborted(signal);
  await saved;
}

function introduction(
  url: string,
  parts: readonly StoredPart[],
  { id, key }: { readonly id: string; readonly key: string },
): string {
  const devices = parts.map(
    ({ id, name, secret }) =>
      `part    ${name}  ${id}\n` +
      `device  ${JSON.stringify({ cloud: { app_address: url, id, secret } })}\n`,
  );
  return (
    `A stand-in for the Viam app listens at ${url}\n\n${devices.join('')}\n` +
    `export VIAM_API_KEY_ID=${id} VIAM_API_KEY=${key}\n` +
    `otakit config show --cloud ${url} --part ${parts[0]?.id ?? 'ID'}\n`
  );
}

/** As an edit would, so that the file keeps its permissions and may be behind a symbolic link. */
async function save(file: string, text: string): Promise<void> {
  const target = fileTarget(file);
  await target.write(text, await target.read());
}

/** What makes programs on Node take the certificate. */
function trustHint(certificate: string | undefined): string {
  return certificate === undefined
    ? '\nIts certificate is trusted nowhere: write it to a file with --certificate FILE, and set NODE_EXTRA_CA_CERTS=FILE.\n'
    : `export NODE_EXTRA_CA_CERTS=${resolve(certificate)}\n`;
}

async function readConfig(file: string, signal: AbortSignal): Promise<JsonObject> {
  return parseMachineConfig((await fileTarget(file).read(signal)).text).value;
}

function pair(text: string, separator: string, shape: string): readonly [string, string] {
  const at = text.indexOf(separator);
  if (at > 0 && at < text.length - 1) return [text.slice(0, at), text.slice(at + 1)];
  throw new CliError('cli/usage', `"${text}" is not of the form ${shape}`, {
    hint: 'See `otakit simulate viam-cloud --help`.',
  });
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

import { systemClock } from '../../shared/index.ts';
import {
  configFile,
  type ConfigSource,
  DeviceConnection,
  type DeviceIdentity,
  type LogSink,
} from '../../simulator/index.ts';
import { CliError } from '../codes.ts';
import { readInputFile } from '../files.ts';

/** Where a virtual device takes its config from and reports to, until it is disposed of. */
export interface OpenConfigSource extends AsyncDisposable {
  readonly config: ConfigSource;
  /** `null` where nobody collects the log. */
  readonly logs: LogSink | null;
}

/** The file or the cloud that the options name. */
export async function openConfigSource({
  config,
  cloud,
}: {
  readonly config?: string;
  readonly cloud?: string;
}): Promise<OpenConfigSource> {
  if (config !== undefined && cloud === undefined) {
    return { config: configFile(config), logs: null, [Symbol.asyncDispose]: async () => {} };
  }
  if (cloud === undefined || config !== undefined) {
    throw new CliError('cli/usage', 'the device needs one of --config and --cloud', {
      hint: 'Give --config machine.json, or --cloud viam.json for the Viam app or a stand-in.',
    });
  }
  const connection = await DeviceConnection.create(await readIdentity(cloud), systemClock);
  return {
    config: connection,
    logs: connection,
    [Symbol.asyncDispose]: () => connection[Symbol.asyncDispose](),
  };
}

/** `{"cloud": {"app_address": "https://app.viam.com:443", "id": …, "secret": …}}` */
async function readIdentity(file: string): Promise<DeviceIdentity> {
  const text = new TextDecoder().decode(await readInputFile(file));
  const { app_address: appAddress, id, secret } = cloudOf(text);
  if (typeof appAddress === 'string' && typeof id === 'string' && typeof secret === 'string') {
    return { appAddress, id, secret };
  }
  throw new CliError('cli/usage', `${file} is no viam.json`, {
    hint: 'It reads {"cloud": {"app_address": "http://…", "id": "…", "secret": "…"}}.',
  });
}

function cloudOf(text: string): Readonly<Record<string, unknown>> {
  try {
    const parsed = JSON.parse(text) as { cloud?: Readonly<Record<string, unknown>> } | null;
    return parsed?.cloud ?? {};
  } catch {
    return {};
  }
}

import { configFile, type ConfigSource, DeviceConnection } from '../../simulator/index.ts';
import { CliError } from '../codes.ts';
import { readViamJson } from './viam-json.ts';

const LAST_UPLOAD_MS = 2000;

/** Where a virtual device takes its config from and reports to, until it is disposed of. */
export interface OpenConfigSource extends AsyncDisposable {
  readonly config: ConfigSource;
  /** `null` where nobody collects the log. */
  readonly logs: DeviceConnection | null;
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
  const connection = await DeviceConnection.create(await readViamJson(cloud));
  return {
    config: connection,
    logs: connection,
    [Symbol.asyncDispose]: async () => {
      // What the device did last is what whoever follows it waits for.
      await connection.upload(AbortSignal.timeout(LAST_UPLOAD_MS)).catch(() => {});
      connection[Symbol.dispose]();
    },
  };
}

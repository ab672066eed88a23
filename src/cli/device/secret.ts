import type { Device } from '../../fleet/index.ts';
import type { CliContext } from '../context.ts';
import { checkOutputFile, writeOutputFile } from '../files.ts';
import type { FleetApi } from '../fleet/api.ts';
import type { CommonOptions } from '../fleet/options.ts';
import { report, segment, withFleet } from '../fleet/verb.ts';

/** What the commands take that make a secret. */
export interface SecretOptions extends CommonOptions {
  readonly name?: string;
  readonly blueprint?: string;
  readonly cohort?: string;
  readonly tag?: readonly string[];
  readonly secretFile?: string;
}

interface WithSecret {
  readonly device: Device;
  readonly secret: string;
}

/** `otakit device create`. */
export async function create(
  deviceId: string,
  options: SecretOptions,
  context: CliContext,
): Promise<void> {
  const { name, blueprint: blueprintId, cohort: cohortId, tag: tags } = options;
  const body = { deviceId, name, blueprintId, cohortId, tags };
  await hand(options, context, (api) => api.post('/devices', body));
}

/** `otakit device rotate-secret`. */
export async function rotate(
  deviceId: string,
  options: SecretOptions,
  context: CliContext,
): Promise<void> {
  const path = `/devices/${segment(deviceId)}/secret`;
  await hand(options, context, (api) => api.post(path));
}

/** The secret goes to standard output alone, so that it can be piped, or to a file for its owner. */
async function hand(
  options: SecretOptions,
  context: CliContext,
  request: (api: FleetApi) => Promise<WithSecret>,
): Promise<void> {
  // A secret that could not be put down would be lost.
  if (options.secretFile !== undefined) await checkOutputFile(options.secretFile);
  const answer = await withFleet(options, context, request);
  const { device, secret } = answer;
  if (options.secretFile !== undefined) {
    await writeOutputFile(options.secretFile, `${secret}\n`, { mode: 0o600 });
    report(context, options, device, `${device.deviceId}: secret in ${options.secretFile}`);
  } else if (options.json === true) {
    report(context, options, answer);
  } else {
    context.stderr.write(`The secret of ${device.deviceId}, shown only now:\n`);
    context.stdout.write(`${secret}\n`);
  }
}

import type { Device } from '../../fleet/index.ts';
import { CliError } from '../codes.ts';
import type { CliContext } from '../context.ts';
import { toJson } from '../json.ts';
import type { CommonOptions } from '../fleet/options.ts';
import { segment, withFleet } from '../fleet/verb.ts';

/** `otakit cohort add|drop`: one device after the other, so that each is told what comes to it. */
export async function moveDevices(
  verb: 'add' | 'drop',
  cohortId: string,
  deviceIds: readonly string[],
  options: CommonOptions,
  context: CliContext,
): Promise<void> {
  const devices = await withFleet(options, context, async (api) => {
    const paths = deviceIds.map((deviceId) => `/devices/${segment(deviceId)}`);
    // All are looked at before the first is moved: a name that is wrong moves none.
    await api.get(`/cohorts/${segment(cohortId)}`);
    for (const path of paths) {
      const { deviceId, cohortId: now } = await api.get<Device>(path);
      if (verb === 'drop' && now !== cohortId) {
        throw new CliError('cli/usage', `${deviceId} is not in cohort ${cohortId}`, {
          hint: `It is in ${now ?? 'none'}. No device was moved.`,
        });
      }
    }
    const moved: Device[] = [];
    for (const path of paths) {
      moved.push(await api.patch(path, { cohortId: verb === 'add' ? cohortId : null }));
    }
    return moved;
  });
  if (options.json === true) context.stdout.write(toJson(devices));
  else {
    const where = verb === 'add' ? `now in ${cohortId}` : `no longer in ${cohortId}`;
    context.stdout.write(devices.map(({ deviceId }) => `${deviceId} is ${where}\n`).join(''));
  }
}

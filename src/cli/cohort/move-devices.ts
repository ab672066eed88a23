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
    const moved: Device[] = [];
    for (const deviceId of deviceIds) {
      const path = `/devices/${segment(deviceId)}`;
      if (verb === 'drop' && (await api.get<Device>(path)).cohortId !== cohortId) {
        throw new CliError('cli/usage', `${deviceId} is not in cohort ${cohortId}`, {
          hint: `${moved.length} of ${deviceIds.length} devices were taken out before it.`,
        });
      }
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

import type { Page, RolloutDevice } from '../../fleet/index.ts';
import { counted } from '../../shared/index.ts';
import type { CliContext } from '../context.ts';
import type { FleetApi } from '../fleet/api.ts';
import { type EntityColumn, entityTable } from '../fleet/entity-table.ts';
import type { CommonOptions } from '../fleet/options.ts';
import { list, type ListOptions, report, segment, withFleet } from '../fleet/verb.ts';
import { rolloutText, type ShownRollout, TROUBLED } from './rollout-text.ts';

const DEVICE_COLUMNS: readonly EntityColumn<RolloutDevice>[] = [
  { title: 'device', value: (entity) => entity.deviceId },
  { title: 'state', value: (entity) => entity.state },
  { title: 'sinceMs', value: (entity) => entity.sinceMs },
  { title: 'attempts', value: (entity) => entity.attempts, align: 'right' },
  { title: 'why', value: (entity) => entity.reason },
];

/** `otakit rollout status`. */
export async function status(
  rolloutId: string,
  options: CommonOptions,
  context: CliContext,
): Promise<void> {
  const [rollout, trouble] = await withFleet(options, context, async (api) => {
    const path = await rolloutPath(api, rolloutId);
    return [
      await api.get<ShownRollout>(path),
      await api.get<Page<RolloutDevice>>(`${path}/devices`, { states: TROUBLED, perPage: 20 }),
    ];
  });
  if (options.json === true) {
    report(context, options, rollout);
    return;
  }
  context.stdout.write(`${rolloutText(rollout)}\n`);
  if (trouble.list.length > 0) {
    context.stdout.write(`\n${entityTable(DEVICE_COLUMNS, trouble.list)}\n`);
  }
  if (trouble.total > trouble.list.length) {
    context.stderr.write(`${trouble.list.length} of ${trouble.total}; see \`rollout devices\`\n`);
  }
}

/** `otakit rollout devices`. */
export async function devices(
  rolloutId: string,
  options: ListOptions & { readonly state?: readonly string[] },
  context: CliContext,
): Promise<void> {
  const path = await withFleet(options, context, (api) => rolloutPath(api, rolloutId));
  await list(`${path}/devices`, DEVICE_COLUMNS, { states: options.state }, options, context);
}

/** `otakit rollout pause|resume|advance|rollback|retry-failed`. */
export async function steer(
  verb: 'pause' | 'resume' | 'advance' | 'rollback' | 'retry-failed',
  rolloutId: string,
  body: Readonly<Record<string, unknown>>,
  options: CommonOptions,
  context: CliContext,
): Promise<void> {
  const answer = await withFleet(options, context, async (api) =>
    api.post<ShownRollout | { readonly rollout: ShownRollout; readonly devices: number }>(
      `${await rolloutPath(api, rolloutId)}/${verb}`,
      body,
    ),
  );
  const rollout = 'rollout' in answer ? answer.rollout : answer;
  const again = 'rollout' in answer ? `${againText(answer.devices)}\n` : '';
  report(context, options, answer, `${again}${rolloutText(rollout)}`);
}

function againText(devices: number): string {
  return `${counted(devices, 'device')} ${devices === 1 ? 'gets' : 'get'} it again`;
}

/** Where a rollout is in the API; `latest` means the newest one. */
export async function rolloutPath(api: FleetApi, rolloutId: string): Promise<string> {
  if (rolloutId !== 'latest') return `/rollouts/${segment(rolloutId)}`;
  const newest = { sort: '-createdAtMs', perPage: 1 };
  const [found] = (await api.get<Page<ShownRollout>>('/rollouts', newest)).list;
  return `/rollouts/${segment(found?.rolloutId ?? 'latest')}`;
}

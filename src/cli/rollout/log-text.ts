import type { RolloutLogEntry } from '../../fleet/index.ts';
import { counted, printable } from '../../shared/index.ts';
import { timeText } from '../fleet/describe.ts';
import { stateText, TROUBLED } from './rollout-text.ts';

/** Whether an entry is worth a line when not everything is asked for. */
export function isNotable({ what, data }: RolloutLogEntry): boolean {
  return what !== 'device' || TROUBLED.includes(String(data['to']));
}

/** An entry of a rollout's log as a line. */
export function logText({ atMs, what, deviceId, data }: RolloutLogEntry): string {
  return printable(`${timeText(atMs)}  ${sentence(what, deviceId, data)}`);
}

function sentence(what: string, deviceId: string | null, data: RolloutLogEntry['data']): string {
  const { from, to, reason, direction, phase, percent, members } = data;
  switch (what) {
    case 'device': {
      const way = direction === 'back' ? ' on the way back' : '';
      const was = from === null || from === to ? '' : `, was ${words(from)}`;
      return `${deviceId} ${words(to)}${way}${was}: ${text(reason)}`;
    }
    case 'started':
      return `started for the ${devicesText(members)} of cohort ${text(data['cohortId'])}`;
    case 'phase':
      return `${phase === 0 ? 'canary' : `step ${text(phase)}`}: ${text(percent)} % of ${devicesText(members)}`;
    case 'paused':
    case 'rolling-back':
    case 'failed':
    case 'completed':
      return stateText({ kind: what, ...data } as Parameters<typeof stateText>[0]);
    default:
      return [what, ...Object.entries(data).map(([name, value]) => `${name}=${text(value)}`)].join(
        '  ',
      );
  }
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function devicesText(members: unknown): string {
  return counted(Number(members), 'device');
}

function words(state: unknown): string {
  return text(state).replaceAll('-', ' ');
}

import type { CloudFault } from '../../simulator/index.ts';
import { parseDuration } from '../../shared/index.ts';
import { CliError } from '../codes.ts';

const SHAPE = /^([a-z-]+)(?:=([^@*]+))?(?:@(\w+))?(?:\*(\d+))?$/;

/** A fault as written on a command line: `slow=5s@GetRobotPart*2`. */
export function parseFault(text: string): CloudFault {
  const [, kind, duration, method, times] = SHAPE.exec(text) ?? [];
  const common = {
    ...(method === undefined ? {} : { method }),
    ...(times === undefined ? {} : { times: Number(times) }),
  };
  if (kind === undefined) return refuse(text);
  switch (kind) {
    case 'slow':
      if (duration === undefined) break;
      return { kind, delayMs: parseDuration(duration) ?? refuse(text), ...common };
    case 'denied':
    case 'unauthenticated':
    case 'unavailable':
    case 'silent':
    case 'concurrent-edit':
      if (duration !== undefined) break;
      return { kind, ...common };
    default:
  }
  return refuse(text);
}

function refuse(text: string): never {
  throw new CliError('cli/usage', `"${text}" is no fault`, {
    hint: 'Faults are KIND[=DURATION][@METHOD][*TIMES], such as slow=5s or denied@UpdateRobotPart*1.',
  });
}

import type { OutputStream } from '../context.ts';
import { otaService } from './service-json.ts';
import type { ServeView } from './view.ts';

/** One object per line on stdout, each with its `event`. */
export function jsonView(stdout: OutputStream): ServeView {
  const line = (value: object) => {
    stdout.write(`${JSON.stringify(value)}\n`);
  };
  return {
    checked: (file, issues, acceptable) => line({ event: 'checked', file, acceptable, issues }),
    warning: ({ code, message, hint }) => line({ event: 'warning', code, message, hint }),
    offered: ({ listening }) =>
      line({ ...listening, service: otaService(listening.url, listening.tag) }),
    kept: () => {},
    event: line,
    close: () => {},
  };
}

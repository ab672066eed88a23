import { styleText } from 'node:util';
import { chipByName, parseChipName } from '../../chips/index.ts';
import {
  formatCount,
  formatDuration,
  formatHex,
  type Issue,
  OtakitError,
  printable,
} from '../../shared/index.ts';
import { type CliContext, wantsColour } from '../context.ts';
import { renderIssues } from '../render-issues.ts';
import { LiveLines } from '../serve/live-lines.ts';
import type { DevEvent } from './events.ts';

/** How `otakit dev` shows what happens: a few lines for each build, or lines of JSON. */
export interface DevView {
  start(path: string, targets: readonly string[], evidence: readonly ShownEvidence[]): void;
  /** Which partition table counts. */
  table(path: string): void;
  warning(issue: Issue): void;
  /** A console can be read no longer. */
  lost(name: string, cause: unknown): void;
  /** A config could not be put back. */
  notRestored(target: string, cause: unknown): void;
  show(event: DevEvent): void;
  close(): void;
}

/** What the device is followed by. */
export interface ShownEvidence {
  readonly name: string;
  /** Whether it tells the new build from the old one that a bootloader went back to. */
  readonly proves: boolean;
}

/** The view for a command line. */
export function devView(context: CliContext, asJson: boolean): DevView {
  return asJson ? jsonView(context) : textView(context);
}

function jsonView({ stdout }: CliContext): DevView {
  const write = (event: object) => stdout.write(`${JSON.stringify(event)}\n`);
  return {
    start: () => {},
    table: () => {},
    warning: ({ code, message, hint }) => write({ event: 'warning', code, message, hint }),
    lost: (name, cause) => write({ event: 'warning', ...lostConsole(name, cause) }),
    notRestored: (target, cause) => write({ event: 'warning', ...notRestored(target, cause) }),
    show: write,
    close: () => {},
  };
}

function textView({ stdout, stderr, env }: CliContext): DevView {
  const live = new LiveLines(stderr);
  const colour = wantsColour(stdout, env);
  const paint = (mood: 'green' | 'red' | 'bold', text: string) =>
    colour ? styleText(mood, text, { validateStream: false }) : text;
  const line = (text: string) => live.above(() => stdout.write(`${text}\n`));
  const step = (name: string, ms: number | null, text: string) =>
    line(`  ${name.padEnd(9)}${ms === null ? '' : formatDuration(ms)}`.padEnd(22) + text);
  const warn = ({ message }: Trouble) => live.above(() => stderr.write(`${message}\n`));
  return {
    start: (path, targets, evidence) => {
      line(`Watching ${printable(path)}, pushing to ${targets.map(printable).join(', ')}`);
      line(
        evidence.length === 0
          ? 'No log of the device: give --part, --monitor PORT or --log FILE to see it boot.'
          : `Reading the log of ${evidence.map(({ name }) => printable(name)).join(', ')}`,
      );
      if (evidence.some(({ proves }) => !proves)) {
        line(
          'It shows the tag that the device booted with, not which build runs: --expect TEXT or',
        );
        line('--monitor PORT shows that too.');
      }
    },
    table: (path) => line(`Table ${printable(path)}`),
    warning: (issue) => live.above(() => renderIssues([issue], 'dev', stderr, env)),
    lost: (name, cause) => warn(lostConsole(name, cause)),
    notRestored: (target, cause) => warn(notRestored(target, cause)),
    show: (event) => {
      switch (event.event) {
        case 'checked': {
          const { project, version, chip, sizeBytes, usedRatio, issues, image } = event;
          const name = parseChipName(chip ?? '');
          const facts = [
            printable([project, version].filter(Boolean).join(' ')),
            name === null ? '' : chipByName(name).title,
            `${formatCount(sizeBytes)} bytes`,
            usedRatio === null ? '' : `${(usedRatio * 100).toFixed(1)} % of the slot`,
          ].filter((text) => text !== '');
          line('');
          line(paint('bold', `Build ${event.build}: ${facts.join(', ')}`));
          step('check', event.durationMs, 'a device can take it');
          return live.above(() => renderIssues(issues, image, stderr, env));
        }
        case 'rejected':
          line('');
          line(paint('red', `Build ${event.build} is no good; device and config are left alone.`));
          return live.above(() => renderIssues(event.issues, event.image, stderr, env));
        case 'published':
          return step('publish', event.durationMs, printable(event.tag));
        case 'pushed':
          return step('push', event.durationMs, event.targets.map(printable).join(', '));
        case 'progress':
          return live.progress({ ...event, id: event.build });
        case 'downloaded':
          live.remove(event.device);
          return step('download', event.durationMs, `${event.device} has every byte`);
        case 'rebooted':
          return step('reboot', null, printable(event.source));
        case 'running': {
          const { times, flashOffset, totalMs, proven } = event;
          const slot = flashOffset === null ? '' : ` from ${formatHex(flashOffset)}`;
          const tag = printable(event.tag);
          const own = times.noticeMs + times.checkMs + times.publishMs + times.pushMs;
          const wait = times.waitMs === null ? '' : `, ${formatDuration(times.waitMs)} waiting`;
          return step(
            proven ? 'running' : 'booted',
            totalMs,
            (proven ? paint('green', `${tag} runs${slot}`) : `${tag}; its log shows no slot`) +
              ` (otakit ${formatDuration(own)}${wait})`,
          );
        }
        case 'failed': {
          if (event.device !== null) live.remove(event.device);
          const code = event.code === null ? '' : `${event.code}: `;
          step('failed', null, paint('red', `${code}${printable(event.message)}`));
          if (event.hint !== null) step('', null, `hint: ${printable(event.hint)}`);
          if (event.retryMs === null) return undefined;
          return step('', null, `trying again in ${formatDuration(event.retryMs)}`);
        }
        case 'superseded':
          return step('stopped', null, `build ${event.build}: a newer one takes over`);
        case 'restored':
          return line(
            `Put back: ${event.targets.map(printable).join(', ') || 'nothing was changed'}`,
          );
      }
    },
    close: () => live.clear(),
  };
}

interface Trouble {
  readonly code: string;
  readonly message: string;
}

function lostConsole(name: string, cause: unknown): Trouble {
  return trouble(`the console ${name} can be read no longer`, cause);
}

function notRestored(target: string, cause: unknown): Trouble {
  return trouble(`${target} is not put back`, cause);
}

function trouble(what: string, cause: unknown): Trouble {
  const code = cause instanceof OtakitError ? cause.code : 'cli/bug';
  const said = cause instanceof Error ? cause.message : String(cause);
  return { code, message: `${what}: ${said}` };
}

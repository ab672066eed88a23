import { styleText } from 'node:util';
import { chipByName } from '../../chips/index.ts';
import { formatCount, formatDuration, formatSize, printable } from '../../shared/index.ts';
import { type CliContext, wantsColour } from '../context.ts';
import { renderIssues } from '../render-issues.ts';
import { describeEvent } from './describe-event.ts';
import { LiveLines } from './live-lines.ts';
import { otaService } from './service-json.ts';
import type { Offer, ServeView } from './view.ts';

/**
 * For people: the offer on stdout, then on stderr a line per device, which on a terminal moves while
 * the download goes on.
 */
export function textView({ stdout, stderr, env }: CliContext): ServeView {
  const live = new LiveLines(stderr);
  const colour = wantsColour(stderr, env);
  const mark = { good: 'green', bad: 'red', plain: null } as const;

  return {
    checked: (path, issues) => live.above(() => renderIssues(issues, path, stderr, env)),
    warning: (issue) => live.above(() => renderIssues([issue], 'serve', stderr, env)),
    offered: (offer) =>
      live.above(() => {
        stdout.write(offerText(offer));
        if (!offer.isRebuild) stderr.write('Waiting for devices. Ctrl-C stops.\n');
      }),
    kept: (tag) =>
      live.above(() => stderr.write(`The rebuild is not published; ${tag} stays served.\n`)),
    event: (event) => {
      if (event.event === 'progress') return live.progress(event);
      const { text, mood, isDetail } = describeEvent(event);
      if (event.event === 'complete' || event.event === 'aborted') live.remove(event.device);
      if (isDetail) return undefined;
      const style = mark[mood];
      const shown =
        colour && style !== null ? styleText(style, text, { validateStream: false }) : text;
      return live.above(() => stderr.write(`${shown}\n`));
    },
    close: () => live.clear(),
  };
}

function offerText(offer: Offer): string {
  const { listening, isRebuild, others, path } = offer;
  const { url, tag } = listening;
  const rows: [string, string][] = [
    ['image', imageFacts(offer)],
    ['SHA-256', listening.sha256],
    ['tag', printable(tag)],
    ['URL', url],
    ['', validity(offer)],
    ...(others.length === 0 || isRebuild
      ? []
      : [['also at', alternatives(others)] as [string, string]]),
  ];
  const title = isRebuild ? 'Rebuilt, and published anew:' : 'Serving';
  return [
    `${title} ${printable(path)}`,
    '',
    ...rows.map(([name, value]) => `  ${name.padEnd(8)} ${value}`),
    '',
    'For the "services" of the machine config:',
    JSON.stringify(otaService(url, tag), null, 2),
    '',
    '',
  ].join('\n');
}

function imageFacts({ loaded: { image, bytes }, fits }: Offer): string {
  const { appDescriptor, chip } = image;
  const name = printable(appDescriptor?.projectName ?? '');
  const version = printable(appDescriptor?.version ?? '');
  return [
    [name, version].filter((text) => text !== '').join(' '),
    chip === null ? '' : chipByName(chip).title,
    `${formatCount(bytes.length)} bytes (${formatSize(bytes.length)})`,
    fits === null ? '' : `${(fits.usedRatio * 100).toFixed(1)} % of ${fits.slot.name}`,
  ]
    .filter((text) => text !== '')
    .join(', ');
}

function validity({ listening: { expiresAt }, ttlMs }: Offer): string {
  if (expiresAt === null) return 'OPEN: no token, everybody who reaches this port can download';
  const until = new Date(expiresAt).toLocaleString('sv-SE', {
    dateStyle: 'short',
    timeStyle: 'short',
  });
  return `for this image only, until ${until} (${formatDuration(ttlMs).replace(/ 0 (?:min|s)$/, '')})`;
}

function alternatives(others: Offer['others']): string {
  const list = others.map(({ address, interfaceName, kind }) => {
    const what = kind === 'lan' ? interfaceName : `${interfaceName}, ${kind}`;
    return `${address} (${printable(what)})`;
  });
  return `${list.join(', ')}: --host puts one into the URL`;
}

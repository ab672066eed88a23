import { systemClock } from '../shared/index.ts';
import type { Link, LinkOptions, OpenLink } from './link.ts';
import { badTarget, parseTarget } from './target.ts';

/**
 * Opens a serial port, `tcp://host:port` or `rfc2217://host:port`. Each kind is loaded when it is
 * used: the native serial binding stays out of everything else.
 *
 * @throws TransportError `transport/bad-target`, `transport/port-missing`, `transport/port-denied`,
 *   `transport/port-busy`, `transport/port-failed`, `transport/unreachable`, `transport/not-rfc2217`
 */
export const openLink: OpenLink = withSchemes({});

/**
 * Opens the same targets and those of further schemes, such as the simulator's `sim://`.
 *
 * @param extra by scheme, without the colon
 */
export function withSchemes(extra: Readonly<Record<string, OpenLink>>): OpenLink {
  return async (target: string, options: LinkOptions): Promise<Link> => {
    const parsed = parseTarget(target);
    switch (parsed.kind) {
      case 'serial': {
        const { openSerialLink } = await import('./serial-link.ts');
        return openSerialLink(parsed.path, options);
      }
      case 'tcp': {
        const { openTcpLink } = await import('./tcp-link.ts');
        return openTcpLink(target, parsed.host, parsed.port, options);
      }
      case 'rfc2217': {
        const { openRfc2217Link } = await import('./rfc2217/client.ts');
        return openRfc2217Link(target, parsed.host, parsed.port, options, systemClock);
      }
      case 'other': {
        const open = Object.hasOwn(extra, parsed.scheme) ? extra[parsed.scheme] : undefined;
        if (open === undefined) throw badTarget(target, `there is no scheme ${parsed.scheme}://`);
        return open(target, options);
      }
    }
  };
}

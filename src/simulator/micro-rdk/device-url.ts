import { UpdateFailure } from './failure.ts';
import { type DeviceUri, InvalidUri, parseUri, withAuthority } from './uri.ts';

/**
 * What the device makes of a URL, whether it is the configured one or that of a redirect: without a
 * port it appends `:443`, whatever the scheme.
 *
 * @param configuredUrl the URL of the config, which the device names even when a redirect is at fault
 * @param logError receives what the device logs on the way
 * @throws UpdateFailure
 */
export function resolveDeviceUrl(
  url: string,
  configuredUrl: string,
  logError: (message: string) => void,
): DeviceUri {
  const uri = parse(url, configuredUrl);
  const hasPort = uri !== 'path-only' && uri.port !== null;
  if (hasPort) return uri;
  if (uri === 'path-only' || uri.scheme !== 'https') logError('no port found and not https');
  if (uri === 'path-only') throw new UpdateFailure('no authority present in uri');
  const withPort = withAuthority(uri, `${uri.authority}:443`);
  if (withPort === null) throw new UpdateFailure('failed to parse authority');
  return withPort;
}

function parse(url: string, configuredUrl: string): ReturnType<typeof parseUri> {
  try {
    return parseUri(url);
  } catch (error) {
    if (!(error instanceof InvalidUri)) throw error;
    throw new UpdateFailure(`the url \`${configuredUrl}\`, is not valid: ${error.message}`);
  }
}

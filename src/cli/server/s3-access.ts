import type { S3Access } from '../../fleet/index.ts';
import type { CliContext } from '../context.ts';

/** Credentials for `s3:` addresses, from the variables that every S3 tool knows; `null` without them. */
export function s3Access(env: CliContext['env']): S3Access | null {
  const accessKeyId = env['AWS_ACCESS_KEY_ID'];
  const secretAccessKey = env['AWS_SECRET_ACCESS_KEY'];
  if (!accessKeyId || !secretAccessKey) return null;
  const sessionToken = env['AWS_SESSION_TOKEN'];
  const endpoint = env['AWS_ENDPOINT_URL_S3'] ?? env['AWS_ENDPOINT_URL'];
  return {
    accessKeyId,
    secretAccessKey,
    region: env['AWS_REGION'] ?? env['AWS_DEFAULT_REGION'] ?? 'us-east-1',
    ...(sessionToken ? { sessionToken } : {}),
    ...(endpoint ? { endpoint } : {}),
  };
}

import { AwsV4Signer } from 'aws4fetch';
import { FleetError } from '../codes.ts';
import type { FetchTarget } from './http-get.ts';

/** Nothing that could change the host which it becomes a part of. */
const BUCKET = /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/;

/** Credentials for `s3:` addresses, from whoever starts the server. */
export interface S3Access {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
  readonly region: string;
  /** Of a store that is not Amazon's, such as `http://minio:9000`; buckets are then in the path. */
  readonly endpoint?: string;
}

/**
 * The signed request behind `s3://bucket/key` (Signature Version 4, in headers).
 *
 * @throws FleetError `fleet/invalid` without credentials, bucket or key
 */
export async function signS3(
  uri: URL,
  access: S3Access | null,
  nowMs: number,
): Promise<FetchTarget> {
  const bucket = uri.host;
  const key = uri.pathname.slice(1);
  if (access === null) {
    throw new FleetError('fleet/invalid', 's3: addresses are not set up here.', {
      hint: 'Start the server with AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_REGION.',
      details: { field: 'artifactUri' },
    });
  }
  if (!BUCKET.test(bucket) || key === '') {
    throw new FleetError('fleet/invalid', `${uri.href} names no object.`, {
      hint: 'Write s3://bucket/key.',
      details: { field: 'artifactUri' },
    });
  }
  const { region, endpoint, sessionToken } = access;
  const url =
    endpoint === undefined
      ? `https://${bucket}.s3.${region}.amazonaws.com/${key}`
      : `${endpoint.replace(/\/$/, '')}/${bucket}/${key}`;
  const signed = await new AwsV4Signer({
    url,
    method: 'GET',
    service: 's3',
    region,
    accessKeyId: access.accessKeyId,
    secretAccessKey: access.secretAccessKey,
    ...(sessionToken === undefined ? {} : { sessionToken }),
    datetime: new Date(nowMs).toISOString().replaceAll(/[:-]|\.\d{3}/g, ''),
  }).sign();
  // `host` is part of what is signed, and node:http writes the same by itself.
  const headers = Object.fromEntries([...signed.headers].filter(([name]) => name !== 'host'));
  return { url: signed.url, headers };
}

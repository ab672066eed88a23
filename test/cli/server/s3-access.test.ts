import { describe, expect, it } from 'vitest';
import { s3Access } from '../../../src/cli/server/s3-access.ts';

const KEYS = { AWS_ACCESS_KEY_ID: 'id', AWS_SECRET_ACCESS_KEY: 'secret' };
const ACCESS = { accessKeyId: 'id', secretAccessKey: 'secret' };

describe('credentials for s3: addresses', () => {
  it.each([
    [{}, null],
    [{ AWS_ACCESS_KEY_ID: 'id' }, null],
    [{ ...KEYS, AWS_SECRET_ACCESS_KEY: '' }, null],
    [KEYS, { ...ACCESS, region: 'us-east-1' }],
    [
      { ...KEYS, AWS_DEFAULT_REGION: 'eu-west-1', AWS_ENDPOINT_URL: 'http://minio:9000' },
      { ...ACCESS, region: 'eu-west-1', endpoint: 'http://minio:9000' },
    ],
    [
      { ...KEYS, AWS_REGION: 'eu-central-1', AWS_DEFAULT_REGION: 'x', AWS_SESSION_TOKEN: 't' },
      { ...ACCESS, region: 'eu-central-1', sessionToken: 't' },
    ],
  ])('of %j', (env, access) => {
    expect(s3Access(env)).toEqual(access);
  });
});

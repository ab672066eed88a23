import { expect, it } from 'vitest';
import { startTestServer } from '../support/fleet-server.ts';
import { describeWithPeers } from '../support/peer.ts';
import { runPeer } from '../support/run-peer.ts';
import { temporaryFolder } from '../support/temp-folder.ts';

/** What has no business in a fuzzed run: it would end the run's own access or the fleet under it. */
const LEFT_OUT = ['restore', 'revokeToken'];

const CHECKS = [
  'not_a_server_error',
  'status_code_conformance',
  'content_type_conformance',
  'response_schema_conformance',
  'response_headers_conformance',
  'negative_data_rejection',
  'unsupported_method',
  'allow_header_conformance',
  'ignored_auth',
];

describeWithPeers(
  ['schemathesis'],
  'schemathesis asks whatever the OpenAPI document allows',
  ([path = '']) => {
    it('and nothing fails, and nothing is answered that is not in the document', async () => {
      // As many requests as come; how they are limited has tests of its own.
      const unlimited = { burst: 1e9, perSecond: 1e9 };
      await using host = await startTestServer({
        limits: { tokenRate: unlimited, failureRate: unlimited },
      });
      const args = [
        'run',
        `${host.url}/api/v1/openapi.json`,
        '--header',
        `Authorization: Bearer ${host.server.localToken}`,
        '--checks',
        CHECKS.join(','),
        ...LEFT_OUT.flatMap((id) => ['--exclude-operation-id', id]),
        '--phases',
        'examples,coverage,fuzzing',
        '--max-examples',
        '8',
        '--seed',
        '1',
        '--no-shrink',
        '--continue-on-failure',
        '--workers',
        '2',
        '--request-timeout',
        '10',
      ];
      // It keeps notes in the folder that it runs in.
      const { exitCode, stdout } = await runPeer(path, args, { cwd: await temporaryFolder() });
      expect({ exitCode, report: exitCode === 0 ? '' : stdout.toString() }).toEqual({
        exitCode: 0,
        report: '',
      });
    }, 300_000);
  },
);

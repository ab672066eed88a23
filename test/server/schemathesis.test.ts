import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
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

/** Who asks as a device does, and for which; nobody waits for commands that never come. */
function settings(secret: string, provisioner: string): string {
  return `
[[operations]]
include-tag = "device"
exclude-tag = "management"
exclude-operation-id = "deviceRegister"
headers = { Authorization = "Bearer ${secret}" }
parameters = { "path.deviceId" = "fuzzed", "query.device_id" = "fuzzed", "query.wait" = "0" }

[[operations]]
include-operation-id = "deviceRegister"
headers = { Authorization = "Bearer ${provisioner}" }
`;
}

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
      const { fleet } = host;
      await fleet.devices.create('system', { deviceId: 'fuzzed' });
      const { secret } = await fleet.devices.rotateSecret('system', 'fuzzed');
      const folder = await temporaryFolder();
      const provisioner = await host.token('provisioner');
      await writeFile(join(folder, 'schemathesis.toml'), settings(secret, provisioner));
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
        '6',
        '--seed',
        '1',
        '--no-shrink',
        '--continue-on-failure',
        '--workers',
        '2',
        '--request-timeout',
        '10',
      ];
      // It keeps notes in the folder that it runs in, and finds its settings there.
      const { exitCode, stdout } = await runPeer(path, args, { cwd: folder });
      expect({ exitCode, report: exitCode === 0 ? '' : stdout.toString() }).toEqual({
        exitCode: 0,
        report: '',
      });
    });
  },
);

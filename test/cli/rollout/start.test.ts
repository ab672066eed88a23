import { describe, expect, it } from 'vitest';
import { otakit } from '../../support/cli.ts';
import { temporaryFolder } from '../../support/temp-folder.ts';

/** Nobody listens there: whoever asks first fails in another way. */
const NOBODY = 'http://127.0.0.1:9';

const WITH_TOKEN = { env: { OTAKIT_TOKEN: 'otk_any' } };

describe('rollout start', () => {
  it.each([
    ['--canary', '0', '--canary 0 is not from 0.01 to 100 %'],
    ['--canary', '0.001%', '--canary 0.001% is not from 0.01 to 100 %'],
    ['--canary', '101%', '--canary 101% is not from 0.01 to 100 %'],
    ['--canary', 'some', '--canary some is no percentage'],
    ['--step', '0%', '--step 0% is not from 0.01 to 100 %'],
    ['--failure-threshold', '100.5', '--failure-threshold 100.5 is not from 0 to 100 %'],
    ['--every', '0s', '--every 0s is not from 1ms to 366d'],
    ['--device-timeout', '367d', '--device-timeout 367d is not from 1ms to 366d'],
    ['--soak', '0.5ms', '--soak 0.5ms is not from no time to 366d'],
    ['--max-concurrent', '0', '--max-concurrent 0 is no whole number from 1 to 1000000000'],
    ['--min-sample', '-1', '--min-sample -1 is no whole number from 0 to 1000000000'],
  ])('refuses %s %s by its name before it asks anybody', async (option, value, message) => {
    const folder = await temporaryFolder();
    for (const where of [
      ['--server', NOBODY],
      ['--data', folder],
    ]) {
      const words = ['rollout', 'start', '--deployment', 'dep_1', '--cohort', 'all'];
      const refused = await otakit([...words, `${option}=${value}`, ...where], WITH_TOKEN);
      expect(refused).toMatchObject({ exitCode: 2, stdout: '' });
      expect(refused.stderr).toContain(message);
    }
  });

  it('asks where all of them are in range', async () => {
    const limits = ['--canary=0.01%', '--step=100', '--every=366d', '--soak=0s', '--min-sample=0'];
    const words = ['rollout', 'start', '--deployment', 'dep_1', '--cohort', 'all', ...limits];
    expect(await otakit([...words, '--server', NOBODY], WITH_TOKEN)).toMatchObject({ exitCode: 5 });
  });
});

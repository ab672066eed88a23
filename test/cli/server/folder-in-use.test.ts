import { expect, it } from 'vitest';
import { openFleetFolder } from '../../../src/fleet/index.ts';
import { systemClock } from '../../../src/shared/index.ts';
import { startOtakit } from '../../support/otakit-process.ts';
import { temporaryFolder } from '../../support/temp-folder.ts';

it('ends a command that finds its data folder in use, rather than to wait for ever', async () => {
  const path = await temporaryFolder();
  await using folder = await openFleetFolder(path, { clock: systemClock });
  expect(folder.store).toBeDefined();
  await using command = startOtakit(['cohort', 'list', '--data', path, '--json']);
  expect(await command.ended).toBe(3);
});

/** Opens the data folder of the first argument, says so, and stays until it is killed. */
import { openFleetFolder } from '../../../src/fleet/index.ts';
import { systemClock } from '../../../src/shared/index.ts';

const [folder = ''] = process.argv.slice(2);
try {
  const opened = await openFleetFolder(folder, { clock: systemClock });
  await opened.store.transaction((r) => r.settings.set('opened-by', String(process.pid)));
  console.log('open');
  setInterval(() => undefined, 60_000);
} catch (error) {
  console.log((error as { code?: string }).code ?? String(error));
}

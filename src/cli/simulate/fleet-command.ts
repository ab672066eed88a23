import { addCommon, several } from '../fleet/options.ts';
import type { RegisterNoun } from '../nouns.ts';
import type { SimulateFleetOptions } from './fleet/options.ts';

/** `otakit simulate fleet` */
export const addFleet: RegisterNoun = (simulate, { context }) => {
  addCommon(simulate.command('fleet'))
    .description('Run many virtual devices against a fleet server; they fail as they are told to.')
    .option('--devices <number>', 'how many', '20')
    .option('--blueprint <blueprint>', 'their hardware: they refuse images for other boards')
    .option('--cohort <cohort>', 'the cohort that new ones join')
    .option('--provision-with <file>', 'let them register themselves with this provisioning token')
    .option('--prefix <text>', 'what their ids begin with', 'sim')
    .option('--runs <version>', 'what new ones run', '0.0.0')
    .option('--seed <text>', 'another seed is another fate', '1')
    .option('--fail <share>', 'updates that fail on the device', '0%')
    .option('--boot-old <share>', 'updates after which the old image boots', '0%')
    .option('--crash <version[=share]>', 'a version that crashes; repeatable', several)
    .option('--drop <share>', 'downloads that are cut off and resumed', '0%')
    .option('--sleep <share:time>', 'devices that sleep, and for how long', '0%')
    .option('--chunked <share>', 'devices that fetch in chunks', '0%')
    .option('--listen <share>', 'devices that stay connected for commands', '100%')
    .option('--public-key <file>', 'install nothing without its signature; repeatable', several)
    .option('--speed <factor>', 'how many times faster their time goes', '1')
    .option('--connections <number>', 'how many to have open at most', '512')
    .option('--state <file>', 'where they are kept; a file in the data folder otherwise')
    .option('--fresh', 'forget the devices that are kept, and register anew')
    .option('--for <duration>', 'end after this time with exit 0')
    .addHelpText('after', HELP)
    .action(async (options: SimulateFleetOptions) => {
      const { simulateFleet } = await import('./fleet/fleet.ts');
      await simulateFleet(options, context);
    });
};

const HELP = `
Example:
  otakit simulate fleet --devices 200 --blueprint sensor-v2 --cohort production --fail 3% --speed 60

Each device speaks the device protocol (GET /api/v1/devices/{id}/ota and so on) with a secret of its own:
it boots and says what it booted, asks, downloads (and resumes), checks SHA-256, size, chip, secure
version and, with --public-key, the signature, writes its other slot, reboots, and reports. It keeps to
the poll interval and to Retry-After of the server. --speed shortens everything that takes time on a
device, and its polls with that; not what a server asks for that has too much to do.

What fails is decided by --seed, device and version alone: the same command line meets the same fate.
  --fail      the image arrives damaged, or writing the flash fails
  --boot-old  the device says that it reboots, and the bootloader goes on with the old slot
  --crash     the version boots and dies; the bootloader rolls back. 2.0.0 on all, 2.0.0=40% on some

New devices are registered by the management API (--server and a token, or the fleet on this machine), or
by themselves with --provision-with. They are kept, with their secrets and what they run, in --state (mode
0600); the next run goes on with them, and more --devices adds some.

On a terminal one screen that is drawn anew; in a pipe a line for each thing that happened on stderr, and
the summary on stdout.

JSON, one object per line on stdout:
  offered      deviceId, packageId, version
  resumed      deviceId, fromByte, totalBytes
  failed       deviceId, version, reason
  rolled-back  deviceId, version, reason
  booted       deviceId, version, updated
  command      deviceId, name, done
  trouble      deviceId, message (a request failed; it is tried again)
  summary      devices, states, versions, updated, failed, rolledBack, resumed, commands, troubles; last

Exit codes: 0 time over (--for) · 2 usage · 3 state file, blueprint or key not usable · 5 the server is not
there or refuses · 130 stopped by Ctrl-C.`;

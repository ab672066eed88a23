/** Announces a server until its stdin ends; run by tests on a LAN of their own. */
import { createInterface } from 'node:readline';
import { advertise, type AdvertiseOptions, type ServerFacts } from '../../src/discovery/index.ts';

const options = JSON.parse(process.argv[2] ?? '{}') as AdvertiseOptions;
await using advertisement = await advertise(options);
console.log(JSON.stringify({ name: advertisement.name, issues: advertisement.issues }));
for await (const line of createInterface({ input: process.stdin })) {
  advertisement.update(JSON.parse(line) as ServerFacts);
}

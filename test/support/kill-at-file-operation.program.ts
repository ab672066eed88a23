/**
 * Loaded before a program (`node --import`): ends its process by SIGKILL right before its n-th change
 * of the file system, n being KILL_AT, where the moment after a file was renamed counts as well. So every
 * moment at which `kill -9` may come can be tried, one after the other. Where there are fewer, the program
 * runs to its end.
 */
import { promises } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';

const killAt = Number(process.env['KILL_AT']);
let changes = 0;

function beforeChange(): void {
  changes += 1;
  if (changes === killAt) process.kill(process.pid, 'SIGKILL');
}

type AnyFunction = (...args: unknown[]) => unknown;

function wrap(owner: object, name: string, isChange: (args: unknown[]) => boolean): void {
  const methods = owner as Record<string, AnyFunction>;
  const original = methods[name];
  if (original === undefined) throw new TypeError(`there is no ${name}`);
  methods[name] = function wrapped(this: unknown, ...args: unknown[]) {
    if (isChange(args)) beforeChange();
    return original.apply(this, args);
  };
}

const always = () => true;
const isWriting = ([, flags = 'r']: unknown[]) => flags !== 'r';

for (const name of ['mkdir', 'writeFile', 'rm', 'chmod']) wrap(promises, name, always);
wrap(promises, 'open', isWriting);
const { rename } = promises;
promises.rename = async (from, to) => {
  beforeChange();
  await rename(from, to);
  beforeChange();
};
const handle = await promises.open(process.execPath, 'r');
const prototype = Object.getPrototypeOf(handle) as object;
await handle.close();
for (const name of ['write', 'writeFile', 'chmod', 'sync']) wrap(prototype, name, always);
syncBuiltinESMExports();

import type { Command } from 'commander';

/** Other names of options, by command: `--pkg` to `--package`. */
const OTHER_NAMES = new WeakMap<Command, ReadonlyMap<string, string>>();

/**
 * Lets a command understand further names of its options, which its help does not list: those that people
 * bring along from other tools.
 */
export function alsoCalled(command: Command, names: Readonly<Record<string, string>>): Command {
  const known = OTHER_NAMES.get(command) ?? [];
  OTHER_NAMES.set(command, new Map([...known, ...Object.entries(names)]));
  return command;
}

/** An argument as the command has it: `--pkg=main` as `--package=main`, `--releaseNotes` as `--release-notes`. */
export function ownName(command: Command, arg: string): string {
  if (!arg.startsWith('--') || arg === '--') return arg;
  const end = arg.includes('=') ? arg.indexOf('=') : arg.length;
  const name = arg.slice(0, end);
  const has = (long: string) => command.options.some((option) => option.long === long);
  if (has(name)) return arg;
  const kebab = name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  const own = OTHER_NAMES.get(command)?.get(kebab) ?? kebab;
  return has(own) ? own + arg.slice(end) : arg;
}

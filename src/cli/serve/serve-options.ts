import { type Command, Option } from 'commander';
import type { Audience } from '../../app-image/index.ts';

/** What `otakit serve` takes, and `otakit dev` as well. */
export interface ServeArguments {
  readonly partitions?: string;
  readonly chip?: string;
  readonly for: Audience;
  readonly port: string;
  readonly bind: string;
  readonly host?: string;
  readonly tag?: string;
  readonly ttl: string;
  readonly auth: boolean;
  readonly watch?: true;
  readonly once?: true;
  readonly force?: true;
  readonly announce: boolean;
  readonly data?: string;
  readonly json?: true;
}

interface OptionText {
  readonly flags: string;
  readonly description: string;
  readonly standard?: string;
  readonly choices?: readonly string[];
}

const SERVE_OPTIONS: Readonly<Record<keyof ServeArguments, OptionText>> = {
  partitions: {
    flags: '-p, --partitions <table>',
    description: 'partition table of the devices, CSV or binary',
  },
  chip: { flags: '-c, --chip <chip>', description: 'chip of the devices, such as esp32c3' },
  for: {
    flags: '--for <audience>',
    description: 'whose devices they are',
    choices: ['micro-rdk', 'esp-idf'],
    standard: 'micro-rdk',
  },
  port: {
    flags: '--port <port>',
    description: 'port to listen on; 0 takes any that is free',
    standard: '3001',
  },
  bind: { flags: '--bind <address>', description: 'address to listen on', standard: '0.0.0.0' },
  host: {
    flags: '--host <address>',
    description: 'address to put into the URL, instead of the best of this machine',
  },
  tag: {
    flags: '--tag <tag>',
    description: 'version tag; by default version and hash of the image',
  },
  ttl: {
    flags: '--ttl <duration>',
    description: 'how long the URL works, such as 90m, 24h, 7d',
    standard: '24h',
  },
  auth: {
    flags: '--no-auth',
    description: 'no token in the URL: everybody who reaches the port can download',
  },
  watch: {
    flags: '--watch',
    description: 'publish every finished rebuild under a new tag and URL',
  },
  once: {
    flags: '--once',
    description: 'end after the first complete download (exit 0), or one cut off (exit 5)',
  },
  force: {
    flags: '--force',
    description: 'serve in spite of what is only doubtful; never what a device cannot take',
  },
  announce: { flags: '--no-announce', description: 'do not announce the server by mDNS' },
  data: {
    flags: '--data <folder>',
    description: 'where the key of the tokens is kept, instead of OTAKIT_DATA',
  },
  json: { flags: '--json', description: 'one event per line, as JSON, instead of text' },
};

/**
 * Adds the options of `otakit serve`: in one place, so that whatever serves takes the same.
 *
 * @param words what an option means here, where it is not quite what it means for `serve`
 */
export function addServeOptions(
  command: Command,
  words: Partial<Record<keyof ServeArguments, string>> = {},
): Command {
  const names = Object.keys(SERVE_OPTIONS) as (keyof ServeArguments)[];
  for (const name of names) {
    const { flags, description, standard, choices } = SERVE_OPTIONS[name];
    const option = new Option(flags, words[name] ?? description);
    if (choices !== undefined) option.choices(choices);
    if (standard !== undefined) option.default(standard);
    command.addOption(option);
  }
  return command;
}

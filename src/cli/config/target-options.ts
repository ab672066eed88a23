import type { Command } from 'commander';

/** How a command line names the machine configs that it is about. */
export interface TargetOptions {
  readonly file?: string;
  readonly part?: readonly string[];
  readonly fragment?: string;
  readonly cloud?: string;
  readonly apiKeyFile?: string;
}

/** Adds the options that name machine configs. */
export function addTargetOptions(command: Command): Command {
  return command
    .option('--file <json>', 'a machine config in a file')
    .option('--part <id...>', 'a part of a machine in the Viam app')
    .option('--fragment <id>', 'a fragment in the Viam app: every machine that uses it')
    .option('--cloud <url>', 'a stand-in for the Viam app')
    .option('--api-key-file <file>', 'the API key, instead of VIAM_API_KEY_ID and VIAM_API_KEY');
}

/** How the API key gets to otakit, for the help of commands. */
export const CREDENTIALS_HELP = `
The API key comes from VIAM_API_KEY_ID and VIAM_API_KEY, or from a file with these two lines (or with
JSON {"id": …, "key": …}), and never from the command line, where other users of the machine see it.`;

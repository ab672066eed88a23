import { readFileSync } from 'node:fs';
import { Command, type Option } from 'commander';
import type { CliContext } from './context.ts';
import { PACKAGE_ROOT } from './package-root.ts';
import { registerConfig } from './config/command.ts';
import { registerDev } from './dev/command.ts';
import { registerDiscover } from './discover/command.ts';
import { registerFlash } from './flash/command.ts';
import { registerImage } from './image/command.ts';
import { registerMonitor } from './monitor/command.ts';
import { registerNvs } from './nvs/command.ts';
import { registerOtadata } from './otadata/command.ts';
import { registerPartitions } from './partitions/command.ts';
import { registerPorts } from './ports/command.ts';
import { registerPush } from './push/command.ts';
import { registerSerialServer } from './serial-server/command.ts';
import { registerServe } from './serve/command.ts';
import { registerSimulate } from './simulate/command.ts';

/** What a command gets to work with. */
export interface Cli {
  readonly context: CliContext;
  /** Ends with an exit code other than 0 although nothing was thrown, as `image check` does. */
  readonly setExitCode: (code: number) => void;
}

/** Adds one noun and its verbs; the code behind each verb is imported only when it runs. */
export type RegisterNoun = (program: Command, cli: Cli) => void;

/** Every noun, under the headings of `otakit --help`. */
const NOUNS: Readonly<Record<string, readonly RegisterNoun[]>> = {
  'Files:': [registerPartitions, registerImage, registerOtadata, registerNvs],
  'Over the air:': [registerServe, registerDiscover, registerConfig, registerPush, registerDev],
  'Boards:': [registerPorts, registerFlash, registerMonitor, registerSerialServer],
  'Without hardware:': [registerSimulate],
};

/** The whole command line as commander sees it: names, arguments, options and help. */
export function createProgram(cli: Cli): Command {
  const program = new OtakitCommand('otakit', cli.context.env)
    .description('From a finished ESP32 build to the whole fleet.')
    .version(packageVersion(), '-V, --version')
    .exitOverride()
    .showSuggestionAfterError()
    .helpCommand(false)
    .configureOutput({
      writeOut: (text) => cli.context.stdout.write(text),
      // Commander's own message is rendered by runCli, with a code and a hint.
      writeErr: () => {},
    })
    .addHelpText(
      'after',
      '\nEvery option can also come from the environment: `serve --port` from OTAKIT_SERVE_PORT.',
    );
  for (const [heading, nouns] of Object.entries(NOUNS)) {
    program.commandsGroup(heading);
    for (const register of nouns) register(program, cli);
  }
  return program;
}

/** Environment values that leave a yes/no option off. */
const OFF = new Set<string | undefined>(['', '0', 'false', 'no', 'off']);

/**
 * A command whose options also come from the environment, as `OTAKIT_<COMMAND>_<OPTION>`. The name
 * has to be known when the option is added: commander listens for it only from then on.
 */
class OtakitCommand extends Command {
  readonly #env: CliContext['env'];

  constructor(name: string | undefined, env: CliContext['env']) {
    super(name);
    this.#env = env;
  }

  override createCommand(name?: string): Command {
    return new OtakitCommand(name, this.#env);
  }

  override addOption(option: Option): this {
    const name = `${environmentPrefix(this)}_${upperSnake(option.name())}`;
    const isFlag = option.isBoolean() || option.negate;
    const isBelowRoot = this.parent !== null;
    if (isBelowRoot && !(isFlag && OFF.has(this.#env[name]))) option.env(name);
    return super.addOption(option);
  }
}

function environmentPrefix(command: Command): string {
  const own = upperSnake(command.name());
  return command.parent === null ? own : `${environmentPrefix(command.parent)}_${own}`;
}

function upperSnake(name: string): string {
  return name.replaceAll('-', '_').toUpperCase();
}

function packageVersion(): string {
  const file = new URL('package.json', PACKAGE_ROOT);
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
}

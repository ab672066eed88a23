import { Command, Help, type Option, type ParseOptionsResult } from 'commander';
import { CliError } from './codes.ts';
import type { CliContext } from './context.ts';
import { type Cli, NOUNS } from './nouns.ts';
import { ownName } from './option-names.ts';
import { packageVersion } from './package-version.ts';

/**
 * The command line as commander sees it: every noun by name, and the one that is in `args` with all of
 * its verbs, options and help.
 */
export async function createProgram(cli: Cli, args: readonly string[]): Promise<Command> {
  const program = new OtakitCommand('otakit', cli.context.env)
    .description('From a finished ESP32 build to the whole fleet.')
    .version(packageVersion(), '-V, --version')
    .exitOverride()
    // A noun may have a --version of its own, such as that of an artifact.
    .enablePositionalOptions()
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
  const typed = args.find((arg) => !arg.startsWith('-'));
  for (const [heading, nouns] of Object.entries(NOUNS)) {
    program.commandsGroup(heading);
    for (const { name, description, load } of nouns) {
      const noun = program.command(name).description(description);
      if (name === typed) (await load())(noun, cli);
    }
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

  override parseOptions(args: string[]): ParseOptionsResult {
    const end = args.includes('--') ? args.indexOf('--') : args.length;
    return super.parseOptions(args.map((arg, at) => (at < end ? ownName(this, arg) : arg)));
  }

  /** What is wrong with the arguments, and where to read on. */
  override error(message: string): never {
    const [, said = message, guess = ''] =
      /^(?:error: )?([^]*?)(?:\n\((Did you mean .*)\))?$/.exec(message) ?? [];
    const help = `See \`${pathOf(this)} --help\`.`;
    throw new CliError('cli/usage', said, { hint: guess === '' ? help : `${guess} ${help}` });
  }

  override createHelp(): Help {
    return Object.assign(new OtakitHelp(), this.configureHelp());
  }

  override addOption(option: Option): this {
    const name = `${environmentPrefix(this)}_${upperSnake(option.name())}`;
    const isFlag = option.isBoolean() || option.negate;
    const isBelowRoot = this.parent !== null;
    if (isBelowRoot && !(isFlag && OFF.has(this.#env[name]))) option.env(name);
    return super.addOption(option);
  }
}

/** Names of variables follow one rule, which is said once; beside every option they drown the rest. */
class OtakitHelp extends Help {
  override optionDescription(option: Option): string {
    return super.optionDescription(
      Object.create(option, { envVar: { value: undefined } }) as Option,
    );
  }
}

function pathOf(command: Command): string {
  const { parent } = command;
  return parent === null ? command.name() : `${pathOf(parent)} ${command.name()}`;
}

function environmentPrefix(command: Command): string {
  const own = upperSnake(command.name());
  return command.parent === null ? own : `${environmentPrefix(command.parent)}_${own}`;
}

function upperSnake(name: string): string {
  return name.replaceAll('-', '_').toUpperCase();
}

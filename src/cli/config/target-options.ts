import { type Command, Option } from 'commander';
import { type ConfigTarget, fileTarget } from '../../machine-config/index.ts';
import { CliError } from '../codes.ts';

/** How a command line names the machine config that it is about. */
export interface TargetOptions {
  readonly file?: string;
}

/** Adds the options that name a machine config. */
export function addTargetOptions(command: Command): Command {
  return command.addOption(new Option('--file <json>', 'a machine config in a file'));
}

/** The machine config that the options name. */
export function openTarget({ file }: TargetOptions): ConfigTarget {
  if (file === undefined) {
    throw new CliError('cli/usage', 'no machine config is named', {
      hint: 'Name one with --file machine.json.',
    });
  }
  return fileTarget(file);
}

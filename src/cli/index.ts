export { type CliContext, runCli, runProcess } from './run.ts';

import { compressAhead, Compressor } from '../../flash/index.ts';
import { OtakitError, systemClock } from '../../shared/index.ts';
import { CliError } from '../codes.ts';
import { EXIT } from '../exit-codes.ts';
import type { Cli } from '../nouns.ts';
import { renderError } from '../render-error.ts';
import { boardData, type BoardResult, doneText } from './board-report.ts';
import { createBoardScreen } from './board-screen.ts';
import { type FlashJob, flashOne, startApplication } from './flash-one.ts';
import { prepareMonitor } from './monitor-after.ts';
import type { WritingOptions } from './planning.ts';
import { targetsOf } from './session.ts';

/** Flashes all boards that are meant, at once; one that fails leaves the others alone. */
export async function flashBoards(options: WritingOptions, cli: Cli, job: FlashJob): Promise<void> {
  const monitor = await prepareMonitor(options);
  if (job.perBoard && options.json !== true) {
    cli.context.stderr.write(`${await job.perBoard.summary()}\n`);
  }
  if (options.loop) {
    if (monitor !== null) {
      throw new CliError(
        'cli/usage',
        '--monitor watches one board, --loop has one after the other',
        {
          hint: 'Leave one of the two out.',
        },
      );
    }
    const { flashInLoop } = await import('./loop.ts');
    await flashInLoop(options, cli, job);
    return;
  }
  const targets = await targetsOf(options);
  if (monitor !== null && targets.length > 1) {
    throw new CliError(
      'cli/usage',
      `--monitor watches one board, but there are ${targets.length}`,
      {
        hint: 'Name one with --port, or leave --monitor out.',
      },
    );
  }
  const screen = createBoardScreen(cli.context.stderr, targets, systemClock);
  const compressor = new Compressor();
  compressAhead(job.early?.parts ?? [], compressor);
  const finish = monitor?.keep ?? startApplication(options);
  const results = await Promise.all(
    targets.map((target) =>
      flashOne(target, options, cli, {
        ...job,
        compressor,
        finish,
        onProgress: screen.progressOf(target),
      }),
    ),
  ).finally(() => screen.finish());
  cli.context.signal.throwIfAborted();
  const [only] = results;
  if (only !== undefined && results.length === 1 && !only.ok) throw only.error;
  summarise(results, options, cli);
  await monitor?.watch(cli.context);
}

function summarise(
  results: readonly BoardResult[],
  { json, monitor }: WritingOptions,
  { context, setExitCode }: Cli,
): void {
  const failed = results.filter(({ ok }) => !ok);
  if (json === true) {
    // What is watched afterwards comes in lines of JSON.
    const indent = monitor === true ? 0 : 2;
    context.stdout.write(`${JSON.stringify({ boards: results.map(boardData) }, null, indent)}\n`);
  } else {
    for (const result of results) {
      if (result.ok) {
        context.stdout.write(`${result.target}: ${doneText(result.done, result.durationMs)}\n`);
      } else {
        context.stdout.write(`${result.target}: failed\n`);
        if (result.error instanceof OtakitError) renderError(result.error, context, false);
      }
    }
    if (results.length > 1) {
      context.stdout.write(`${results.length - failed.length} of ${results.length} boards done\n`);
    }
  }
  const [first] = failed;
  if (first === undefined || first.ok) return;
  if (!(first.error instanceof OtakitError)) throw first.error;
  setExitCode(EXIT[first.error.kind]);
}

import type { RegisterNoun } from '../program.ts';

export const registerPorts: RegisterNoun = (program, { context }) => {
  program
    .command('ports')
    .description('List serial ports: what is on them, and whether they can be opened.')
    .option('--json', 'one JSON document; with --watch one line per change')
    .option('--watch', 'go on, and say what was plugged in or out, until Ctrl-C')
    .action(async (options: { json?: boolean; watch?: boolean }) => {
      const { ports, watchPorts } = await import('./ports.ts');
      await (options.watch ? watchPorts : ports)(context, options.json === true);
    });
};

import type { RegisterNoun } from '../nouns.ts';

export const registerPorts: RegisterNoun = (ports, { context }) => {
  ports
    .option('--json', 'one JSON document; with --watch one line per change')
    .option('--watch', 'go on, and say what was plugged in or out, until Ctrl-C')
    .action(async (options: { json?: boolean; watch?: boolean }) => {
      const { ports, watchPorts } = await import('./ports.ts');
      await (options.watch ? watchPorts : ports)(context, options.json === true);
    });
};

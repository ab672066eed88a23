import type { RegisterNoun } from '../nouns.ts';

export const registerPorts: RegisterNoun = (ports, { context }) => {
  ports
    .option('--json', 'one JSON document; with --watch one line per change')
    .option('--watch', 'go on, and say what was plugged in or out, until Ctrl-C')
    .addHelpText(
      'after',
      `
Examples:
  otakit ports
  otakit ports --watch
  otakit ports --json | jq -r '.[].path'

JSON: [{path, usb{vendorId, productId, serialNumber} (or null), adapter{name, …} (or null), description,
access{kind (ok, denied, busy, missing), …}}]; with --watch the same for one port in each line, and event
(added, removed).`,
    )
    .action(async (options: { json?: boolean; watch?: boolean }) => {
      const { ports, watchPorts } = await import('./ports.ts');
      await (options.watch ? watchPorts : ports)(context, options.json === true);
    });
};

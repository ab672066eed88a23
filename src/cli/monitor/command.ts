import type { RegisterNoun } from '../nouns.ts';
import type { MonitorCommandOptions } from './monitor.ts';

/** `otakit monitor` */
export const registerMonitor: RegisterNoun = (monitor, { context }) => {
  monitor
    .option(
      '-p, --port <port>',
      '/dev/ttyUSB0, COM3, tcp://host:port, rfc2217://host:port, sim://esp32c3; by default the only board',
    )
    .option('-b, --baud <rate>', 'rate of the board’s console', '115200')
    .option('--elf <file>', 'the .elf of the build: decode addresses in panics and backtraces')
    .option('--reset', 'reset the board first, to see its log from the first line')
    .option('--timestamps', 'put the time of day before each line')
    .option('--filter <what>', 'show only lines of this level and graver, or with this text')
    .option('--log <file>', 'append everything to a file too, with timestamps, unfiltered')
    .option('--json', 'one JSON object per line')
    .addHelpText('after', HELP)
    .action(async (options: MonitorCommandOptions) => {
      const { monitor } = await import('./monitor.ts');
      await monitor(options, context);
    });
};

const HELP = `
Keys on a terminal (everything else goes to the board):
  Ctrl-C or Ctrl-]   end
  Ctrl-T Ctrl-R      reset the board
  Ctrl-T Ctrl-B      reset it into its serial loader
  Ctrl-T Ctrl-C      send Ctrl-C to the board; Ctrl-T Ctrl-T sends Ctrl-T
  Ctrl-T Ctrl-H      help

When the port goes away, or another program has it (a flasher), the monitor waits and goes on when it is
back, also where the system gave it another number. What the board prints goes to stdout, notes go to
stderr. Text from stdin that is no terminal goes to the board as it is.

--filter takes error, warning, info, debug, verbose (or E, W, I, D, V); lines that are no log lines, such
as boot messages and panics, are shown too. Anything else is looked for in the line.

Examples:
  otakit monitor
  otakit monitor --reset --elf build/app.elf
  otakit monitor --port rfc2217://192.168.1.20:4000 --timestamps --log board.log
  otakit monitor --filter wifi | tee wifi.txt

JSON, one object per line:
  timeMs, text, level?, addresses[]?{address, role, function, symbol, file, line}, and for notes event:
  lost, reconnected, reset, reset-loop, download-mode, noise, no-signals, wrong-elf`;

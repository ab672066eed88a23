import { CliError } from '../codes.ts';
import type { RegisterNoun } from '../nouns.ts';

export const registerSerialServer: RegisterNoun = (serialServer, { context }) => {
  serialServer
    .argument('<port>', 'the port to share: /dev/ttyUSB0, COM3, or another port string')
    .option('--listen <host:port>', 'where to listen', '127.0.0.1:4000')
    .addHelpText(
      'after',
      `
There is no password in RFC 2217: whoever reaches the port can flash the board. It listens on this
machine only unless --listen says otherwise.

Examples:
  otakit serial-server /dev/ttyUSB0 --listen 0.0.0.0:4000
  otakit flash write app.bin --port rfc2217://192.168.1.20:4000
  esptool --port rfc2217://192.168.1.20:4000 flash-id`,
    )
    .action(async (port: string, options: { listen: string }) => {
      const match = /^(\[[^\]]+\]|[^:]+):(\d{1,5})$/.exec(options.listen);
      if (match === null || Number(match[2]) > 65_535) {
        throw new CliError('cli/usage', `--listen ${options.listen} is not host:port`, {
          hint: 'For example 127.0.0.1:4000, or 0.0.0.0:4000 for the whole LAN.',
        });
      }
      const { serialServer } = await import('./serial-server.ts');
      const host = (match[1] ?? '').replace(/^\[|\]$/g, '');
      await serialServer(context, port, { host, port: Number(match[2]) });
    });
};

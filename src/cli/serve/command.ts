import { setFlagsFromString } from 'node:v8';
import type { RegisterNoun } from '../nouns.ts';
import { addServeOptions, type ServeArguments } from './serve-options.ts';

/** `otakit serve IMAGE` */
export const registerServe: RegisterNoun = (serve, cli) => {
  addServeOptions(
    serve.argument('<image>', 'app image: the .bin of the app alone, not a merged one'),
  )
    .addHelpText('after', HELP)
    .action(async (image: string, options: ServeArguments) => {
      // Before anything is loaded: the young part of the heap grows while that goes on, and with the
      // number of connections later, by a tenth of all memory, and gains nothing by it here.
      setFlagsFromString('--semi-space-growth-factor=1');
      const { serve } = await import('./serve.ts');
      await serve(image, options, cli);
    });
};

const HELP = `
Examples:
  otakit serve build/app.bin --partitions partitions.csv
  otakit serve build/app.bin --partitions partitions.csv --watch
  otakit serve build/app.bin --partitions partitions.csv --once --json

One port speaks HTTP/2 with prior knowledge (micro-RDK), HTTP/1.1 (ESP-IDF, with ranges and resume) and
HTTP/1.0 (Arduino HTTPUpdate). The URL is the credential: its token is good for this one image until it
expires, and is shown nowhere else.

An image that a device could not take is refused, with all the reasons; nothing overrides that. Without
--partitions, or with a --tag that other bytes were served under before, --force is needed. Other
warnings are shown, and the image is served.

--once: a download is complete when a device has every byte, in one request or in parts; HEAD and parts
alone do not end it, and neither do refused requests.

JSON, one object per line:
  checked    file, acceptable, issues[]{code,severity,message,hint}
  listening  url, tag, sha256, sizeBytes, expiresAt, fileName, service (for the machine config)
  warning    code, message, hint
  request    id, device, method, protocol, status, range, userAgent, tag
  progress   id, device, sentBytes, totalBytes, bytesPerSecond, tag
  complete   id, device, sentBytes, durationMs, tag
  aborted    id, device, sentBytes, totalBytes, reason, tag
  rejected   device, reason, status, method

The URL with events in place of the file name (curl -N http://HOST:PORT/TOKEN/events) is a stream of the
last five for that image (text/event-stream, resumed by Last-Event-ID): \`otakit push --follow\` reads it.

Exit codes: 0 done (--once) · 2 usage · 3 the image is refused · 5 port taken, or a download cut off
with --once · 130 stopped by Ctrl-C.`;

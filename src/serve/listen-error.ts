import { ServeError } from './codes.ts';

/** Why a port could not be listened on, in our words. */
export function listenError(error: Error, port: number, bind: string): ServeError {
  const code = (error as NodeJS.ErrnoException).code ?? '';
  const details = { port, bind };
  switch (code) {
    case 'EADDRINUSE':
      return new ServeError('serve/port-taken', `port ${port} is already in use on ${bind}`, {
        hint: `Stop what listens there (\`lsof -i :${port}\` names it), or choose another port with --port, such as --port ${port === 65535 ? port - 1 : port + 1}.`,
        details,
        cause: error,
      });
    case 'EACCES':
      return cannotListen(`you may not listen on port ${port}`, 'Choose a port above 1023.');
    case 'EADDRNOTAVAIL':
      return cannotListen(
        `${bind} is no address of this machine`,
        'Leave --bind out to listen on every address.',
      );
    default:
      return cannotListen(
        `cannot listen on ${bind} port ${port}: ${error.message}`,
        'Leave --bind out, and choose another port with --port.',
      );
  }

  function cannotListen(message: string, hint: string): ServeError {
    return new ServeError('serve/cannot-listen', message, { hint, details, cause: error });
  }
}

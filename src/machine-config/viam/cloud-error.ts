import { OtakitError } from '../../shared/index.ts';
import { MachineConfigError } from '../codes.ts';

/** The gRPC status codes that mean something in particular here. */
const STATUS = { notFound: 5, permissionDenied: 7, unauthenticated: 16 } as const;

/**
 * Anything that a call to the cloud threw, as one of our errors.
 *
 * @param what is done, for messages: `read part 1234`
 * @param options.isLoggedIn whether the API key was taken before, so that it cannot be at fault
 */
export function cloudError(
  what: string,
  host: string,
  thrown: unknown,
  {
    signal,
    isLoggedIn = false,
  }: { readonly signal?: AbortSignal | undefined; readonly isLoggedIn?: boolean } = {},
): OtakitError {
  if (thrown instanceof OtakitError) return thrown;
  if (signal?.aborted && signal.reason instanceof OtakitError) return signal.reason;
  const { code, rawMessage, message } = thrown as { code?: number; rawMessage?: string } & Error;
  const said = withRoot(rawMessage ?? message, thrown);
  const context = { details: { host, status: code ?? null }, cause: thrown };
  switch (code ?? 0) {
    case STATUS.unauthenticated:
      if (isLoggedIn) {
        return new MachineConfigError(
          'machine-config/login-expired',
          `${host} took the API key, but the login that it gave for it is not valid (to ${what}): ${said}`,
          { ...context, hint: 'Try again. If it stays, the logins of that cloud expire too soon.' },
        );
      }
      return new MachineConfigError(
        'machine-config/not-authenticated',
        `${host} does not accept the API key: ${said}`,
        {
          ...context,
          hint: 'Check VIAM_API_KEY_ID and VIAM_API_KEY; keys are made under "API keys" in the Viam app.',
        },
      );
    case STATUS.permissionDenied:
      return new MachineConfigError(
        'machine-config/not-permitted',
        `${host} does not let this API key ${what}: ${said}`,
        { ...context, hint: 'Use a key of an operator or owner of the machine.' },
      );
    case STATUS.notFound:
      return new MachineConfigError('machine-config/not-found', `${host} cannot ${what}: ${said}`, {
        ...context,
        hint: 'Copy the id from the machine’s page in the Viam app.',
      });
    default:
      return new MachineConfigError(
        'machine-config/cloud-unreachable',
        `${host} failed to ${what}: ${said}`,
        {
          ...context,
          hint: isCertificateFault(said)
            ? 'Name a file with the certificate of that cloud in NODE_EXTRA_CA_CERTS, before otakit starts.'
            : 'Check the connection, and try again.',
        },
      );
  }
}

/** In the words of OpenSSL. */
function isCertificateFault(said: string): boolean {
  return /certificate/i.test(said);
}

/** `fetch failed` alone says nothing; what made it fail lies at the end of its causes. */
function withRoot(said: string, thrown: unknown): string {
  let root = thrown;
  while (root instanceof Error && root.cause instanceof Error) root = root.cause;
  const { message = '', code } = root as { message?: string; code?: unknown };
  // gRPC errors put their status in front: "[not_found] there is no …".
  const reason =
    message === '' && typeof code === 'string' ? code : message.replace(STATUS_NAME, '');
  if (reason === '' || said.includes(reason)) return said;
  return reason.includes(said) ? reason : `${said} (${reason})`;
}

const STATUS_NAME = /^\[[a-z_]+\] /;

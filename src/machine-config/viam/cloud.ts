import { MachineConfigError } from '../codes.ts';
import { cloudError } from './cloud-error.ts';
import { type AppClient, loadViamSdk, type ViamCredentials, type ViamSdk } from './sdk.ts';

/** The app that machines of Viam are configured in. */
export const VIAM_APP = 'https://app.viam.com';

/** How long one call to the cloud may take. */
const CALL_TIMEOUT_MS = 30_000;

/** How to reach the cloud. */
export interface ViamCloudOptions {
  /** The app, or a stand-in such as `http://127.0.0.1:8080`. */
  readonly host?: string;
  readonly credentials: ViamCredentials;
  readonly timeoutMs?: number;
}

/**
 * A connection to the Viam app. It logs in with the first call, and once more when its token has
 * expired meanwhile. Whatever goes wrong comes out as a `MachineConfigError`.
 */
export class ViamCloud {
  readonly host: string;
  readonly #credentials: ViamCredentials;
  readonly #timeoutMs: number;
  #client: Promise<AppClient> | null = null;

  constructor({ host = VIAM_APP, credentials, timeoutMs = CALL_TIMEOUT_MS }: ViamCloudOptions) {
    this.host = host.replace(/\/+$/, '');
    this.#credentials = credentials;
    this.#timeoutMs = timeoutMs;
  }

  /**
   * Makes one call.
   *
   * @param what is done, for messages: `read part 1234`
   */
  async call<Result>(
    what: string,
    work: (client: AppClient, sdk: ViamSdk) => Promise<Result>,
    signal?: AbortSignal,
  ): Promise<Result> {
    const sdk = await loadViamSdk();
    for (let attempt = 1; ; attempt += 1) {
      const isFresh = this.#client === null;
      this.#client ??= this.#login(sdk, signal);
      const client = await this.#client.catch((thrown: unknown) => {
        throw cloudError(what, this.host, thrown, { signal });
      });
      try {
        return await this.#bounded(what, work(client, sdk), signal);
      } catch (thrown) {
        const error = cloudError(what, this.host, thrown, { signal, isLoggedIn: true });
        const isExpired = error.code === 'machine-config/login-expired';
        if (isExpired) this.#client = null;
        if (!isExpired || isFresh || attempt > 1) throw error;
      }
    }
  }

  async #login(sdk: ViamSdk, signal?: AbortSignal): Promise<AppClient> {
    try {
      const work = sdk.createViamClient({ serviceHost: this.host, credentials: this.#credentials });
      return (await this.#bounded('log in', work, signal)).appClient;
    } catch (thrown) {
      // A login that failed is no login: the next call tries anew.
      this.#client = null;
      throw thrown;
    }
  }

  /** The SDK takes neither a signal nor a deadline, so a call that is given up runs on unheeded. */
  async #bounded<Result>(
    what: string,
    work: Promise<Result>,
    signal?: AbortSignal,
  ): Promise<Result> {
    // Once given up, its failure is nobody's.
    work.catch(() => {});
    const timeout = AbortSignal.timeout(this.#timeoutMs);
    const stop = signal === undefined ? timeout : AbortSignal.any([timeout, signal]);
    stop.throwIfAborted();
    const stopped = Promise.withResolvers<never>();
    const onStop = () => {
      const timedOut = new MachineConfigError(
        'machine-config/cloud-unreachable',
        `${this.host} did not answer within ${this.#timeoutMs / 1000} s (${what})`,
        { hint: 'Check the connection, and try again.', details: { host: this.host, what } },
      );
      stopped.reject(signal?.aborted === true ? (signal.reason as Error) : timedOut);
    };
    stop.addEventListener('abort', onStop, { once: true });
    try {
      return await Promise.race([work, stopped.promise]);
    } finally {
      stop.removeEventListener('abort', onStop);
    }
  }
}

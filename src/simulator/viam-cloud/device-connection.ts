import { loadViamSdk, type ProtoMessage, type ViamSdk } from '../../machine-config/index.ts';
import { CloudFailure, CredentialsRefused } from '../micro-rdk/failure.ts';
import type { LogLine, LogSink } from '../micro-rdk/log.ts';
import type { ConfigSource, MachineConfig, RestartAnswer } from '../micro-rdk/machine-config.ts';
import { AuthenticateRequest, AuthenticateResponse } from './auth-messages.ts';
import { RpcConnection } from './rpc/call.ts';
import { RpcStatus, STATUS } from './rpc/status.ts';
import { milliseconds, timestamp } from './services/service.ts';

/** What a device knows of its cloud: the file that the Viam app gives out as `viam.json`. */
export interface DeviceIdentity {
  /** `http://…` or `https://…`. */
  readonly appAddress: string;
  /** The id of its part. */
  readonly id: string;
  readonly secret: string;
}

/** One connection, logged in once: a device that has trouble with it makes another. */
interface Link {
  readonly rpc: RpcConnection;
  readonly token: Promise<string>;
}

const AUTHENTICATE = '/proto.rpc.v1.AuthService/Authenticate';
/** As much of its log as the device keeps until it is sent. */
const LOG_BUFFER_LINES = 150;
/** Only the firmware's own lines go up: nobody is there to send those of the bootloader. */
const UPLOADED = /^micro_rdk\b/;
/** What the device calls itself in the cloud, whatever chip it has. */
const HOST = 'esp32';
const LOGGER_NAME = 'viam-micro-server';
/** The release that the virtual device behaves as. */
const MICRO_RDK_VERSION = '0.5.1';
const RESTART_CHECK_MS = { fallback: 5000, least: 1000 } as const;

/**
 * The cloud from a device's side, as micro-RDK uses it: it logs in, asks for its config and whether to
 * restart, and sends its log. After any failure it throws the connection away and logs in anew; a
 * login that is refused makes it give up its credentials for good.
 */
export class DeviceConnection implements ConfigSource, LogSink, Disposable {
  readonly retryMs = 1000;
  readonly #sdk: ViamSdk;
  readonly #identity: DeviceIdentity;
  #link: Link | null = null;
  #refused: CredentialsRefused | null = null;
  #lines: LogLine[] = [];

  private constructor(sdk: ViamSdk, identity: DeviceIdentity) {
    this.#sdk = sdk;
    this.#identity = identity;
  }

  /** Connects with the first call. Loads the Viam SDK for its message types. */
  static async create(identity: DeviceIdentity): Promise<DeviceConnection> {
    return new DeviceConnection(await loadViamSdk(), identity);
  }

  async fetch(signal: AbortSignal, isFirst: boolean): Promise<MachineConfig> {
    const { appRobotApi: api } = this.#sdk;
    // A device that has just booted has no connection yet.
    if (isFirst) this.#drop(this.#link);
    const agentInfo = { host: HOST, os: HOST, platform: HOST, version: MICRO_RDK_VERSION };
    const request = new api.ConfigRequest({
      id: this.#identity.id,
      ...(isFirst ? { agentInfo } : {}),
    });
    const { config } = await this.#call('Config', request, api.ConfigResponse, signal);
    return {
      revision: config?.revision ?? '',
      ...(config === undefined ? {} : { encoded: config.toBinary() }),
      services: (config?.services ?? []).map(({ name, model, attributes }) => ({
        name,
        model,
        attributes: attributes?.toJson() ?? null,
      })),
    };
  }

  async askRestart(signal: AbortSignal): Promise<RestartAnswer> {
    const { appRobotApi: api } = this.#sdk;
    const request = new api.NeedsRestartRequest({ id: this.#identity.id });
    const answer = await this.#call('NeedsRestart', request, api.NeedsRestartResponse, signal);
    const { mustRestart, restartCheckInterval: interval } = answer;
    const { fallback, least } = RESTART_CHECK_MS;
    const askAgainMs = interval === undefined ? fallback : milliseconds(interval);
    return { mustRestart, askAgainMs: Math.max(least, askAgainMs) };
  }

  write(line: LogLine): void {
    if (!UPLOADED.test(line.target)) return;
    this.#lines.push(line);
    this.#lines.splice(0, this.#lines.length - LOG_BUFFER_LINES);
  }

  /** What it takes out of the buffer and cannot send is lost, as with the real one. */
  async upload(signal: AbortSignal): Promise<void> {
    if (this.#lines.length === 0) return;
    const logs = this.#lines.map(({ timeMs, level, message }) => ({
      host: HOST,
      level,
      loggerName: LOGGER_NAME,
      message,
      time: timestamp(timeMs),
    }));
    this.#lines = [];
    const { appRobotApi: api } = this.#sdk;
    const request = new api.LogRequest({ id: this.#identity.id, logs });
    await this.#call('Log', request, api.LogResponse, signal);
  }

  discard(): void {
    this.#lines = [];
  }

  [Symbol.dispose](): void {
    this.#drop(this.#link);
  }

  async #call<Answer>(
    method: string,
    request: ProtoMessage,
    type: { fromBinary(bytes: Uint8Array): Answer },
    signal: AbortSignal,
  ): Promise<Answer> {
    signal.throwIfAborted();
    if (this.#refused !== null) throw this.#refused;
    const link = (this.#link ??= this.#connect());
    const giveUp = () => this.#drop(link);
    signal.addEventListener('abort', giveUp, { once: true });
    try {
      const token = await link.token;
      const path = `/viam.app.v1.RobotService/${method}`;
      try {
        return type.fromBinary(await link.rpc.call(path, request, { token }));
      } catch (thrown) {
        throw new CloudFailure(`a task returned the following error ${inWords(thrown)}`);
      }
    } catch (thrown) {
      giveUp();
      throw thrown;
    } finally {
      signal.removeEventListener('abort', giveUp);
    }
  }

  #connect(): Link {
    const rpc = new RpcConnection(this.#identity.appAddress);
    return { rpc, token: this.#login(rpc) };
  }

  async #login(rpc: RpcConnection): Promise<string> {
    const { appAddress, id, secret } = this.#identity;
    const request = new AuthenticateRequest({
      entity: id,
      credentials: { type: 'robot-secret', payload: secret },
    });
    try {
      return AuthenticateResponse.fromBinary(await rpc.call(AUTHENTICATE, request)).accessToken;
    } catch (thrown) {
      const { unauthenticated, permissionDenied } = STATUS;
      const status = thrown instanceof RpcStatus ? thrown.status : null;
      if (status === unauthenticated || status === permissionDenied) {
        this.#refused = new CredentialsRefused(inWords(thrown));
        throw this.#refused;
      }
      throw new CloudFailure(`couldn't connect to ${appAddress} reason ${inWords(thrown)}`);
    }
  }

  #drop(link: Link | null): void {
    link?.rpc[Symbol.dispose]();
    if (this.#link === link) this.#link = null;
  }
}

/** A failure as the device prints it. */
function inWords(thrown: unknown): string {
  if (thrown instanceof RpcStatus) {
    const message = JSON.stringify(thrown.message);
    return `AppGrpcClientError(GrpcError { code: ${thrown.status}, message: ${message} })`;
  }
  return `AppGrpcClientError(${thrown instanceof Error ? thrown.message : String(thrown)})`;
}

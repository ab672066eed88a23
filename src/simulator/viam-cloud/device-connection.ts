import { loadViamSdk, type ProtoMessage, type ViamSdk } from '../../machine-config/index.ts';
import type { Clock } from '../../shared/index.ts';
import type { LogLine, LogSink } from '../micro-rdk/log.ts';
import type { ConfigSource, MachineConfig } from '../micro-rdk/machine-config.ts';
import { AuthenticateRequest, AuthenticateResponse } from './auth-messages.ts';
import { RpcConnection } from './rpc/call.ts';
import { RpcStatus, STATUS } from './rpc/status.ts';

/** What a device knows of its cloud: the file that the Viam app gives out as `viam.json`. */
export interface DeviceIdentity {
  /** `http://…` or `https://…`. */
  readonly appAddress: string;
  /** The id of its part. */
  readonly id: string;
  readonly secret: string;
}

const ROBOT = '/viam.app.v1.RobotService';
const UPLOAD_MS = 1000;
/** Only the firmware's own lines go up: nobody is there to send those of the bootloader. */
const UPLOADED = /^micro_rdk\b/;

/**
 * The cloud from a device's side, as micro-RDK uses it: the config with each poll, the log lines once
 * a second.
 */
export class DeviceConnection implements ConfigSource, LogSink, AsyncDisposable {
  readonly #identity: DeviceIdentity;
  readonly #clock: Clock;
  readonly #rpc: RpcConnection;
  readonly #sdk: ViamSdk;
  readonly #stop = new AbortController();
  readonly #uploading: Promise<void>;
  #token: string | null = null;
  #lines: LogLine[] = [];

  private constructor(sdk: ViamSdk, identity: DeviceIdentity, clock: Clock) {
    this.#sdk = sdk;
    this.#identity = identity;
    this.#clock = clock;
    this.#rpc = new RpcConnection(identity.appAddress.replace(/\/+$/, ''));
    this.#uploading = this.#uploadForEver();
  }

  /** Connects with the first poll. Disposing of it sends the lines that are left. */
  static async create(identity: DeviceIdentity, clock: Clock): Promise<DeviceConnection> {
    return new DeviceConnection(await loadViamSdk(), identity, clock);
  }

  async fetch(signal: AbortSignal): Promise<MachineConfig> {
    const { appRobotApi: api } = this.#sdk;
    const request = new api.ConfigRequest({ id: this.#identity.id });
    const answer = await this.#call(`${ROBOT}/Config`, request, signal);
    const { config } = api.ConfigResponse.fromBinary(answer);
    return {
      revision: config?.revision ?? '',
      services: (config?.services ?? []).map(({ name, model, attributes }) => ({
        name,
        model,
        attributes: attributes?.toJson() ?? null,
      })),
    };
  }

  write(line: LogLine): void {
    if (UPLOADED.test(line.target)) this.#lines.push(line);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#uploading;
    await this.#upload();
    this.#rpc[Symbol.dispose]();
  }

  async #uploadForEver(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      await this.#clock.sleep(UPLOAD_MS, this.#stop.signal).catch(() => {});
      await this.#upload();
    }
  }

  /** What cannot be sent now is sent with the next lines. */
  async #upload(): Promise<void> {
    const lines = this.#lines;
    if (lines.length === 0) return;
    this.#lines = [];
    const logs = lines.map(({ timeMs, level, target, message }) => ({
      host: 'esp32',
      level,
      loggerName: target,
      message,
      time: {
        seconds: BigInt(Math.floor(timeMs / 1000)),
        nanos: Math.round(timeMs % 1000) * 1_000_000,
      },
    }));
    const request = new this.#sdk.appRobotApi.LogRequest({ id: this.#identity.id, logs });
    await this.#call(`${ROBOT}/Log`, request).catch(() => {
      this.#lines.unshift(...lines);
    });
  }

  /** Logs in first where there is no token, and once more where it has expired. */
  async #call(path: string, message: ProtoMessage, signal?: AbortSignal): Promise<Uint8Array> {
    const token = this.#token;
    if (token !== null) {
      try {
        return await this.#rpc.call(path, message, { token, signal });
      } catch (thrown) {
        if (!(thrown instanceof RpcStatus) || thrown.status !== STATUS.unauthenticated)
          throw thrown;
      }
    }
    const { id, secret } = this.#identity;
    const login = new AuthenticateRequest({
      entity: id,
      credentials: { type: 'robot-secret', payload: secret },
    });
    const answer = await this.#rpc.call('/proto.rpc.v1.AuthService/Authenticate', login, {
      signal,
    });
    this.#token = AuthenticateResponse.fromBinary(answer).accessToken;
    return this.#rpc.call(path, message, { token: this.#token, signal });
  }
}

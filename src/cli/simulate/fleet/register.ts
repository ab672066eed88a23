import { OtakitError, systemClock } from '../../../shared/index.ts';
import { type DeviceHttp, provision, Refused } from '../../../simulator/index.ts';
import type { FleetApi } from '../../fleet/api.ts';
import { RemoteProblem } from '../../fleet/remote-problem.ts';

/** What a virtual device becomes when it is registered. */
export interface Registration {
  readonly deviceId: string;
  readonly blueprintId: string | null;
  readonly cohortId: string | null;
}

/** Registers a device and answers with its secret. */
export type Registrar = (device: Registration, signal: AbortSignal) => Promise<string>;

const RETRY_MS = 2000;
const TOO_MANY = new Set([429, 503]);

/** By the management API; a device that is there already gets a new secret. */
export function registerByApi(api: FleetApi): Registrar {
  return ({ deviceId, blueprintId, cohortId }, signal) =>
    patiently(signal, async () => {
      try {
        const fields = {
          deviceId,
          name: `virtual ${deviceId}`,
          ...(blueprintId !== null && { blueprintId }),
          ...(cohortId !== null && { cohortId }),
        };
        return (await api.post<{ secret: string }>('/devices', fields)).secret;
      } catch (error) {
        if (!(error instanceof OtakitError) || error.code !== 'fleet/exists') throw error;
        const path = `/devices/${encodeURIComponent(deviceId)}`;
        if (cohortId !== null) await api.patch(path, { cohortId });
        return (await api.post<{ secret: string }>(`${path}/secret`)).secret;
      }
    });
}

/** By the devices themselves, with the project's provisioning token. */
export function registerBySecret(http: DeviceHttp, token: string): Registrar {
  return ({ deviceId, blueprintId }, signal) =>
    patiently(signal, async () => {
      try {
        const name = `virtual ${deviceId}`;
        return await provision(http, token, { deviceId, name, blueprintId }, signal);
      } catch (error) {
        if (!(error instanceof Refused) || TOO_MANY.has(error.status)) throw error;
        throw new RemoteProblem(error.status, {
          ...(error.code !== null && { code: error.code }),
          detail: `${deviceId} was not registered: ${error.message}`,
          hint:
            error.status === 409
              ? 'It exists, and its secret is elsewhere: take another --prefix, or the token of an operator.'
              : 'Check the provisioning token, and that the blueprint exists.',
        });
      }
    });
}

/** A thousand registrations at once are more than a server lets one token do. */
async function patiently(signal: AbortSignal, work: () => Promise<string>): Promise<string> {
  for (;;) {
    try {
      return await work();
    } catch (error) {
      const status = statusOf(error);
      if (status === null || !TOO_MANY.has(status)) throw error;
      await systemClock.sleep(RETRY_MS, signal);
    }
  }
}

function statusOf(error: unknown): number | null {
  if (error instanceof Refused) return error.status;
  const status = error instanceof OtakitError ? error.details['status'] : null;
  return typeof status === 'number' ? status : null;
}

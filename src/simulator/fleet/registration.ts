import { z } from 'zod';
import { type DeviceHttp, readJson, readRefusal } from './device-http.ts';

/** What a device that registers says of itself. */
export interface NewDevice {
  readonly deviceId: string;
  readonly name: string;
  readonly blueprintId: string | null;
}

const provisioned = z.object({ device_id: z.string(), secret: z.string().min(1) });

/**
 * First contact of a device: it proves itself with the project's provisioning token and gets a secret of
 * its own. What it becomes beyond its blueprint is the token's business.
 *
 * @throws Unreachable, Refused
 */
export async function provision(
  http: DeviceHttp,
  token: string,
  { deviceId, name, blueprintId }: NewDevice,
  signal: AbortSignal,
): Promise<string> {
  const answer = await http.send(
    {
      method: 'POST',
      target: '/api/v1/provision',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify({
        device_id: deviceId,
        name,
        ...(blueprintId !== null && { blueprint_id: blueprintId }),
      }),
    },
    signal,
  );
  if (answer.status >= 300) throw await readRefusal(answer, signal);
  return provisioned.parse(await readJson(answer, signal)).secret;
}

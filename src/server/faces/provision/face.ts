import { z } from 'zod';
import type { CreateFace, FaceContext } from '../face.ts';
import type { FaceDescription } from '../face-description.ts';
import type { FaceRequest } from '../face-request.ts';
import { identifier } from '../wire-shapes.ts';

const PROVISIONERS = ['provisioner'] as const;

const newDevice = z.object({
  device_id: identifier,
  name: z.string().max(128).optional(),
  blueprint_id: identifier.nullish(),
});

const registered = z.object({
  device_id: z.string(),
  secret: z.string().describe('Shown here and never again.'),
  blueprint_id: z.string().nullable(),
  cohort_id: z.string().nullable(),
});

const PROVISION: FaceDescription = {
  id: 'deviceRegister',
  summary: 'A device registers itself, once, with a token of the role provisioner',
  credential: 'provisioner',
  body: { 'application/json': newDevice },
  answers: {
    201: { description: 'Registered.', content: { 'application/json': registered } },
  },
};

/**
 * `POST /api/v1/provision`: a device that has nothing but the project's provisioning token registers
 * itself, once, and gets a secret of its own, which is shown here and never again.
 */
export const createProvisionFace: CreateFace = (context) => ({
  name: 'provision',
  routes: [
    {
      method: 'POST',
      path: '/api/v1/provision',
      description: PROVISION,
      handle: (request) => provision(context, request),
    },
  ],
});

async function provision(context: FaceContext, request: FaceRequest): Promise<void> {
  const token = await context.authorize(request, PROVISIONERS);
  const { device_id: deviceId, name, blueprint_id: blueprintId } = await request.json(newDevice);
  const made = await context.fleet.gate.register(token, {
    deviceId,
    ...(name !== undefined && { name }),
    ...(typeof blueprintId === 'string' && { blueprintId }),
  });
  request.answerJson(201, {
    device_id: made.device.deviceId,
    secret: made.secret,
    blueprint_id: made.device.blueprintId,
    cohort_id: made.device.cohortId,
  } satisfies z.input<typeof registered>);
}

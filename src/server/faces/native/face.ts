import type { CreateFace, FaceContext } from '../face.ts';
import type { FaceRequest } from '../face-request.ts';
import { BOOT, parseBootReport } from './boot-report.ts';
import { answerChunk, CHUNK } from './chunk.ts';
import { answerOta } from './ota.ts';
import { OTA } from './ota-answer.ts';
import { STATUS, takeStatus } from './status.ts';

const DEVICE = '/api/v1/devices/:deviceId';

/** The native device protocol: pull and chunk, with the field names of the CORE-M rollouts. */
export const createNativeFace: CreateFace = (context) => ({
  name: 'native',
  routes: [
    {
      method: 'GET',
      path: `${DEVICE}/ota`,
      description: OTA,
      handle: (request) => answerOta(context, request),
    },
    {
      method: 'GET',
      path: `${DEVICE}/ota/chunk`,
      description: CHUNK,
      handle: (request) => answerChunk(context, request),
    },
    {
      method: 'POST',
      path: `${DEVICE}/ota/status`,
      description: STATUS,
      handle: (request) => takeStatus(context, request),
    },
    {
      method: 'POST',
      path: `${DEVICE}/boot`,
      description: BOOT,
      handle: (request) => takeBoot(context, request),
    },
  ],
});

/** `POST /api/v1/devices/{id}/boot`: what the device booted. Answers 204. */
async function takeBoot(context: FaceContext, request: FaceRequest): Promise<void> {
  const contact = await context.authenticate(request, request.params['deviceId'] ?? '');
  for (const report of parseBootReport(await request.body())) {
    await context.fleet.gate.booted(contact, report);
  }
  request.exchange.answer(204, [], '');
}

import { listsEntityTag } from '../../../serve/index.ts';
import type { FaceContext } from '../face.ts';
import type { FaceRequest } from '../face-request.ts';
import { parseQuery } from '../../api/query.ts';
import { assignmentTag, otaAnswer, otaQuery, seconds } from './ota-answer.ts';

/**
 * `GET /api/v1/devices/{id}/ota`: what the device should fetch now. 200 with `update_available`, always
 * with a body, because the time of the next poll stands in it; 304 to `If-None-Match`. Both carry that
 * time as `Retry-After` too. `?nonce=` is said again in the answer, which then is never a 304: by it a device
 * knows that nothing on the way kept an older one.
 */
export async function answerOta(context: FaceContext, request: FaceRequest): Promise<void> {
  const contact = await context.authenticate(request, request.params['deviceId'] ?? '');
  const { nonce } = parseQuery(otaQuery, request.query);
  const assignment = await context.fleet.gate.assignment(contact);
  const tag = assignmentTag(assignment, contact.atMs);
  const headers: readonly (readonly [string, string])[] = [
    ['ETag', `W/${tag}`],
    ['Retry-After', String(seconds(assignment.pollAfterMs))],
  ];
  if (nonce !== undefined) {
    const answer = await otaAnswer(context, request, contact, assignment);
    return request.answerJson(200, { ...answer, nonce }, headers);
  }
  const known = request.exchange.header('if-none-match');
  if (known !== undefined && listsEntityTag(known, tag, 'weak')) {
    return request.exchange.answer(304, headers, '');
  }
  return request.answerJson(200, await otaAnswer(context, request, contact, assignment), headers);
}

import { type DeviceContact, FleetError } from '../../../fleet/index.ts';
import { ServerError } from '../../codes.ts';
import type { CreateFace, FaceContext } from '../face.ts';
import type { FaceRequest } from '../face-request.ts';
import { DOWNLOAD } from './description.ts';
import { readDeviceLink } from './device-link.ts';

/**
 * `GET|HEAD /d/<token>/<name>.bin`: the whole artifact, with ranges. The URL is the credential, so that
 * any HTTP client of a device can fetch it; it stops working when the artifact is no longer what the
 * device should run.
 */
export const createDownloadsFace: CreateFace = (context) => ({
  name: 'downloads',
  routes: [
    {
      method: 'GET',
      path: '/d/:token/:file',
      description: DOWNLOAD,
      handle: (request) => download(context, request),
    },
  ],
});

async function download(context: FaceContext, request: FaceRequest): Promise<void> {
  const { clock, fleet, tokenKey } = context;
  const verdict = readDeviceLink(tokenKey, request.params['token'] ?? '', clock.now());
  if (verdict.kind !== 'valid') throw noLink();
  const { artifactId, deviceId } = verdict.link;
  const contact = await fleet.gate.identify(deviceId);
  if (contact === null) throw noLink();
  const { packageId } = await fleet.artifacts.get(artifactId);
  const { exchange } = request;
  const isFirst = /^bytes=0-|^$/.test(exchange.header('range') ?? '');
  const notes: Promise<void>[] = [];
  await context.download(
    exchange,
    { deviceId, packageId },
    () => fleet.gate.openAssigned(contact, packageId, artifactId),
    {
      onStart: (status) => {
        const begins = exchange.method === 'GET' && isFirst && (status === 200 || status === 206);
        if (begins) notes.push(noteBegin(context, contact, packageId));
      },
    },
  );
  await Promise.all(notes);
}

/** Devices that only know how to download still show that they do. */
async function noteBegin(
  { fleet }: FaceContext,
  contact: DeviceContact,
  packageId: string,
): Promise<void> {
  try {
    await fleet.gate.progress(contact, {
      packageId,
      rolloutId: null,
      targetVersion: null,
      state: 'downloading',
      error: null,
      percent: 0,
    });
  } catch (error) {
    // It may have been reassigned meanwhile; the download is as good as it was.
    if (!(error instanceof FleetError)) throw error;
  }
}

/** The same for wrong and expired ones and for devices that are gone, so that nothing can be learnt. */
function noLink(): ServerError {
  return new ServerError('server/link-invalid', 'this download URL is not valid', {
    hint: 'Ask for the update again: the answer has a URL that is valid for a day.',
  });
}

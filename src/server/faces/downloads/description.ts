import { z } from 'zod';
import type { FaceDescription } from '../face-description.ts';

const BYTES = { 'application/octet-stream': null };

/** For the OpenAPI document. */
export const DOWNLOAD: FaceDescription = {
  id: 'deviceDownload',
  summary: 'The whole artifact, with ranges; the URL is the credential',
  credential: 'none',
  answers: {
    200: { description: 'All of it.', content: BYTES },
    206: { description: 'A range.', content: BYTES },
    304: { description: 'The device has it.' },
    416: { description: 'A range beyond the end.', content: { 'text/plain': z.string() } },
  },
};

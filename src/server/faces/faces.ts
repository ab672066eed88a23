import { createCommandsFace } from './commands/face.ts';
import { createDownloadsFace } from './downloads/face.ts';
import type { CreateFace } from './face.ts';
import { createNativeFace } from './native/face.ts';
import { createProvisionFace } from './provision/face.ts';
import { createUpdateCheckFace } from './update-check/face.ts';

/** Every device protocol that the server speaks. */
export const FACES: readonly CreateFace[] = [
  createNativeFace,
  createUpdateCheckFace,
  createCommandsFace,
  createDownloadsFace,
  createProvisionFace,
];

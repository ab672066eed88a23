import type { CreateFace } from './face.ts';

/** Every device protocol that the server speaks. */
export const FACES: readonly CreateFace[] = [];

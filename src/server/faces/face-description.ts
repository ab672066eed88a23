import type { z } from 'zod';

/** How a face knows who asks. */
export type FaceCredential = 'device' | 'provisioner' | 'reader' | 'none';

/** How a face answers with one status. */
export interface FaceAnswer {
  readonly description: string;
  /** By content type; `null` for bytes and text. */
  readonly content?: Readonly<Record<string, z.ZodType | null>>;
}

/** What the OpenAPI document says of a route, by the schemas that the face itself reads and answers with. */
export interface FaceDescription {
  /** Unique over all routes: OpenAPI's `operationId`. */
  readonly id: string;
  readonly summary: string;
  readonly credential: FaceCredential;
  readonly query?: z.ZodObject;
  /** By content type. */
  readonly body?: Readonly<Record<string, z.ZodType>>;
  /** The body may be left out. */
  readonly isBodyOptional?: true;
  readonly answers: Readonly<Record<number, FaceAnswer>>;
}

import { z } from 'zod';

/** One package to fetch, as `GET …/ota` says it. Unknown fields are for others. */
const offer = z.object({
  package_id: z.string(),
  type: z.enum(['fw', 'sw']),
  version: z.string(),
  artifact_id: z.string(),
  size_bytes: z.number().int().nonnegative(),
  /** SHA-256, lower-case hex. */
  checksum: z.string().regex(/^[0-9a-f]{64}$/),
  rollout_id: z.string().nullable(),
  artifact_url: z.url(),
  secure_version: z.number().int().nullable(),
  signatures: z.array(
    z.object({
      key_id: z.string(),
      algorithm: z.string(),
      signature: z.string(),
      /** What was signed, letter by letter. */
      manifest: z.string(),
    }),
  ),
});

/** One package to fetch. */
export type Offer = z.infer<typeof offer>;

/** The answer to `GET …/ota`: at the top what comes first, in `packages` all of it. */
export const otaAnswer = z.discriminatedUnion('update_available', [
  offer.extend({
    update_available: z.literal(true),
    sequence: z.number().int(),
    poll_after_seconds: z.number().nonnegative(),
    packages: z.array(offer).optional(),
  }),
  z.object({
    update_available: z.literal(false),
    poll_after_seconds: z.number().nonnegative(),
  }),
]);

/** The answer to `GET …/ota/chunk` as JSON. */
export const chunkAnswer = z.object({
  package_id: z.string(),
  offset: z.number().int().nonnegative(),
  size: z.number().int().nonnegative(),
  total_bytes: z.number().int().nonnegative(),
  data: z.base64(),
  complete: z.boolean(),
});

/** The answer to `GET …/commands`. */
export const commandsAnswer = z.object({
  commands: z.array(
    z.object({ command_id: z.string(), name: z.string(), payload: z.unknown().optional() }),
  ),
  news: z.boolean(),
});

/** A command as the device sees it. */
export type DeviceCommand = z.infer<typeof commandsAnswer>['commands'][number];

/** What the device says while it updates. */
export interface StatusReport {
  readonly rollout_id: string | null;
  readonly package_id: string;
  readonly status:
    | 'downloading'
    | 'verifying'
    | 'installing'
    | 'rebooting'
    | 'failed'
    | 'rolled_back';
  /** What it is moving to. */
  readonly version: string;
  readonly error?: string;
  readonly progress?: number;
  readonly boot_count?: number;
}

import { z } from 'zod';
import type { AbState } from './ab-slots.ts';

const slotImage = z.object({
  version: z.string(),
  sha256: z.string(),
  elfSha256: z.string().nullable(),
  secureVersion: z.number().int().nonnegative(),
});

/** What a virtual device keeps while it is off. */
export const deviceMemory = z.object({
  deviceId: z.string(),
  secret: z.string(),
  main: z.object({
    slots: z.tuple([slotImage.nullable(), slotImage.nullable()]),
    selected: z.union([z.literal(0), z.literal(1)]),
    trial: z.enum(['new', 'pending-verify', 'valid']),
  }),
  /** Versions of its other packages. */
  others: z.record(z.string(), z.string()),
  /** What its eFuses demand of an image at least. */
  secureVersion: z.number().int().nonnegative(),
  /** In NVS, higher by one at each boot. */
  bootCount: z.number().int().nonnegative().default(0),
});

/** What a virtual device keeps while it is off: who it is, its slots, its eFuses, its NVS. */
export interface DeviceMemory {
  readonly deviceId: string;
  readonly secret: string;
  readonly main: AbState;
  readonly others: Readonly<Record<string, string>>;
  readonly secureVersion: number;
  readonly bootCount: number;
}

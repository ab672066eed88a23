import type { ProgressEvent } from '../../serve/index.ts';
import type { Issue } from '../../shared/index.ts';

/** How long the steps of one build took, in milliseconds; `null` where a step was not seen. */
export interface StepTimes {
  /** From the finished file to the start of the check. */
  readonly noticeMs: number;
  readonly checkMs: number;
  readonly publishMs: number;
  readonly pushMs: number;
  /** Until the device asked for the image. */
  readonly waitMs: number | null;
  readonly downloadMs: number | null;
  readonly rebootMs: number | null;
}

/** What happens in `otakit dev`; each is one line of `--json`. `build` counts from 1. */
export type DevEvent =
  | {
      readonly event: 'checked';
      readonly build: number;
      readonly image: string;
      readonly project: string | null;
      readonly version: string | null;
      readonly chip: string | null;
      readonly sizeBytes: number;
      /** Of the smallest slot; `null` without a partition table. */
      readonly usedRatio: number | null;
      readonly issues: readonly Issue[];
      readonly durationMs: number;
    }
  | {
      readonly event: 'rejected';
      readonly build: number;
      readonly image: string;
      readonly issues: readonly Issue[];
    }
  | {
      readonly event: 'published';
      readonly build: number;
      readonly tag: string;
      readonly url: string;
      readonly sha256: string;
      readonly durationMs: number;
    }
  | {
      readonly event: 'pushed';
      readonly build: number;
      readonly tag: string;
      readonly targets: readonly string[];
      readonly durationMs: number;
    }
  | (Omit<ProgressEvent, 'event' | 'id'> & { readonly event: 'progress'; readonly build: number })
  | {
      readonly event: 'downloaded';
      readonly build: number;
      readonly tag: string;
      readonly device: string;
      readonly durationMs: number;
    }
  | {
      readonly event: 'rebooted';
      readonly build: number;
      readonly tag: string;
      /** Whose log said so. */
      readonly source: string;
    }
  | {
      readonly event: 'running';
      readonly build: number;
      readonly tag: string;
      readonly source: string;
      /** Whether the log shows that it is the new build that runs, and not only its tag. */
      readonly proven: boolean;
      /** Of the slot that the bootloader loaded, where the log says so. */
      readonly flashOffset: number | null;
      readonly times: StepTimes;
      readonly totalMs: number;
    }
  | {
      readonly event: 'failed';
      readonly build: number;
      readonly step: 'push' | 'device';
      readonly code: string | null;
      readonly message: string;
      readonly hint: string | null;
      /** Whose download it was; `null` where it is about something else. */
      readonly device: string | null;
      /** It is tried again after this time; `null` where only another build helps. */
      readonly retryMs: number | null;
    }
  /** A newer build took its place before it ran. */
  | { readonly event: 'superseded'; readonly build: number; readonly tag: string }
  | { readonly event: 'restored'; readonly targets: readonly string[] };

import type { Issue } from '../../shared/index.ts';
import { type NvsCode, NvsError } from '../codes.ts';
import { ENTRIES_PER_PAGE, PAGE_SIZE_BYTES } from './layout.ts';
import { isInUse } from './page.ts';
import { type Nvs, parseNvs } from './parse.ts';

/** How full a partition is. */
export interface NvsUsage {
  readonly pages: number;
  readonly blankPages: number;
  readonly writtenEntries: number;
  readonly erasedEntries: number;
  /** Entries that a device can still fill, counting those of all blank pages but one. */
  readonly freeEntries: number;
}

/** What an NVS partition holds, or why it cannot be read. */
export type NvsInspection =
  | {
      /** `blank` where nothing was ever written. */
      readonly kind: 'nvs' | 'blank';
      readonly nvs: Nvs;
      readonly usage: NvsUsage;
      readonly issues: readonly Issue<NvsCode>[];
    }
  | { readonly kind: 'unreadable'; readonly issues: readonly Issue<NvsCode>[] };

/** {@link parseNvs} with a count of what is used; never throws. */
export function inspectNvs(bytes: Uint8Array): NvsInspection {
  try {
    const nvs = parseNvs(bytes);
    const kind = nvs.pages.every(({ state }) => state === 'blank') ? 'blank' : 'nvs';
    return { kind, nvs, usage: usageOf(nvs), issues: nvs.issues };
  } catch (error) {
    if (!(error instanceof NvsError)) throw error;
    const { message, hint = '' } = error;
    const code = 'nvs/wrong-size';
    return { kind: 'unreadable', issues: [{ code, severity: 'error', message, hint }] };
  }
}

/** Whether bytes begin as NVS does: with a sound page in use, or with a blank page before one. */
export function looksLikeNvs(bytes: Uint8Array): boolean {
  const wholeBytes = bytes.length - (bytes.length % PAGE_SIZE_BYTES);
  if (wholeBytes === 0) return false;
  const { pages } = parseNvs(bytes.subarray(0, wholeBytes));
  const first = pages.find(({ state }) => state !== 'blank');
  return first !== undefined && isInUse(first);
}

function usageOf({ pages }: Nvs): NvsUsage {
  const inUse = pages.filter(isInUse);
  const count = (state: string) =>
    inUse.reduce(
      (sum, { entryStates }) => sum + entryStates.filter((other) => other === state).length,
      0,
    );
  const blankPages = pages.filter(({ state }) => state === 'blank').length;
  return {
    pages: pages.length,
    blankPages,
    writtenEntries: count('written'),
    erasedEntries: count('erased'),
    freeEntries: count('empty') + Math.max(0, blankPages - 1) * ENTRIES_PER_PAGE,
  };
}

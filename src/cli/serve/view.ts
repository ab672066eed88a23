import type { SlotFit } from '../../app-image/index.ts';
import type { AddressCandidate, ListeningEvent, ServeEvent } from '../../serve/index.ts';
import type { Issue } from '../../shared/index.ts';
import type { LoadedImage } from './load-image.ts';

/** All there is to say about an image that is offered from now on. */
export interface Offer {
  readonly path: string;
  readonly loaded: LoadedImage;
  readonly fits: SlotFit | null;
  readonly listening: ListeningEvent;
  readonly others: readonly AddressCandidate[];
  readonly ttlMs: number;
  /** `false` for the first image, `true` for the rebuilds. */
  readonly isRebuild: boolean;
}

/** How `otakit serve` shows what happens: as text, or as lines of JSON. */
export interface ServeView {
  checked(path: string, issues: readonly Issue[], acceptable: boolean): void;
  warning(issue: Issue): void;
  offered(offer: Offer): void;
  /** A rebuild that cannot be taken; the image before stays. */
  kept(tag: string): void;
  event(event: Exclude<ServeEvent, ListeningEvent>): void;
  /** Leaves the terminal in order. */
  close(): void;
}

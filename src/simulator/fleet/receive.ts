import type { SlotImage } from './ab-slots.ts';
import type { Board } from './device.ts';
import { UpdateGivenUp } from './failure.ts';
import { fetchArtifact, type FetchContext } from './fetch-artifact.ts';
import { type ImageHead, readImageHead } from './image-head.ts';
import { requireSignature } from './signed-manifest.ts';
import type { Offer } from './wire.ts';

/** What receiving an artifact needs beside what fetching it does. */
export interface ReceiveContext extends Pick<
  FetchContext,
  'client' | 'clock' | 'signal' | 'fetches' | 'cutAtBytes' | 'onResumed'
> {
  readonly board: Board;
  /** Of the deployment that offers it. */
  readonly sequence: number;
  /** What the eFuses demand at least. */
  readonly secureVersion: number;
  readonly isDamaged: boolean;
  readonly onVerifying: () => Promise<void>;
}

const NO_IMAGE: ImageHead = { isImage: false, chipId: -1, secureVersion: 0, elfSha256: null };

/**
 * Downloads an artifact and checks it as a careful device does: its size against the slot and its
 * signature before a byte is fetched, chip and anti-rollback with the first bytes, SHA-256 at the end.
 *
 * @throws UpdateGivenUp
 */
export async function receive(offer: Offer, context: ReceiveContext): Promise<SlotImage> {
  const { board, secureVersion, isDamaged, onVerifying } = context;
  const { version, size_bytes, checksum } = offer;
  if (size_bytes > board.slotBytes) {
    throw new UpdateGivenUp(`${size_bytes} bytes do not fit into a slot of ${board.slotBytes}`);
  }
  if (board.trustedKeys !== null) {
    requireSignature(offer, context.sequence, board, board.trustedKeys);
  }
  let head = NO_IMAGE;
  const arrival = await fetchArtifact(offer, {
    ...context,
    onHead: (bytes) => {
      if (offer.type === 'sw') return;
      head = readImageHead(bytes);
      refuseImage(head, board, secureVersion);
    },
    onBytes: () => {},
  });
  await onVerifying();
  // Whoever wants a damaged image gets one: a byte more than came.
  if (isDamaged) arrival.add(new Uint8Array(1));
  const sha256 = arrival.sha256();
  if (sha256 !== checksum) {
    throw new UpdateGivenUp(
      `checksum mismatch: ${sha256.slice(0, 16)}… instead of ${checksum.slice(0, 16)}…`,
    );
  }
  return { version, sha256, elfSha256: head.elfSha256, secureVersion: head.secureVersion };
}

function refuseImage(head: ImageHead, { chipId }: Board, secureVersion: number): void {
  if (!head.isImage) throw new UpdateGivenUp('the bytes are no app image');
  if (chipId !== null && head.chipId !== chipId) {
    throw new UpdateGivenUp(`an image for chip ${head.chipId} on a board with chip ${chipId}`);
  }
  if (head.secureVersion < secureVersion) {
    throw new UpdateGivenUp(
      `secure version ${head.secureVersion} is below the ${secureVersion} of the eFuses`,
    );
  }
}

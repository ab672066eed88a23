/** What is in a slot: enough of an image to know what boots, without keeping its bytes. */
export interface SlotImage {
  readonly version: string;
  /** Of the whole image, lower-case hex. */
  readonly sha256: string;
  /** From the app descriptor, lower-case hex; `null` for what has none. */
  readonly elfSha256: string | null;
  readonly secureVersion: number;
}

/** How far a new image has proved itself, as otadata records it. */
export type SlotTrial = 'new' | 'pending-verify' | 'valid';

/** Two app slots with what otadata says of them: the state that survives a reboot. */
export interface AbState {
  readonly slots: readonly [SlotImage | null, SlotImage | null];
  /** The slot that the bootloader takes next. */
  readonly selected: 0 | 1;
  readonly trial: SlotTrial;
}

/** How a device leaves the factory. */
export function factoryState(image: SlotImage): AbState {
  return { slots: [image, null], selected: 0, trial: 'valid' };
}

/** The slot that an update is written to: always the one that does not run. */
export function writeOther(state: AbState, image: SlotImage): AbState {
  const other = state.selected === 0 ? 1 : 0;
  const slots: [SlotImage | null, SlotImage | null] = [...state.slots];
  slots[other] = image;
  return { slots, selected: other, trial: 'new' };
}

/** How a boot went. */
export interface BootOutcome {
  readonly state: AbState;
  readonly runs: SlotImage;
  /** The new image was given up, and the one before it runs. */
  readonly fellBack: boolean;
}

/**
 * What the bootloader does: a new image gets one boot to prove itself; one that is still pending at
 * the next boot was not confirmed, and the other slot runs again.
 *
 * @param crashes whether the selected image dies before it can be confirmed
 */
export function boot(state: AbState, crashes: boolean): BootOutcome {
  const image = state.slots[state.selected];
  const unproven = state.trial !== 'valid';
  const givenUp = image === null || state.trial === 'pending-verify' || (unproven && crashes);
  const other = state.selected === 0 ? 1 : 0;
  const before = state.slots[other];
  if (givenUp && before !== null) {
    return { state: { ...state, selected: other, trial: 'valid' }, runs: before, fellBack: true };
  }
  if (image === null) throw new RangeError('neither slot has an image');
  const trial = state.trial === 'new' ? 'pending-verify' : state.trial;
  return { state: { ...state, trial }, runs: image, fellBack: false };
}

/** What an app does once it works: cancels the rollback. */
export function confirm(state: AbState): AbState {
  return { ...state, trial: 'valid' };
}

/** The slot that the device could go back to. */
export function previousImage(state: AbState): SlotImage | null {
  return state.slots[state.selected === 0 ? 1 : 0];
}

/** Selects the other slot, whose image ran before and so counts as proven. */
export function selectPrevious(state: AbState): AbState {
  return { ...state, selected: state.selected === 0 ? 1 : 0, trial: 'valid' };
}

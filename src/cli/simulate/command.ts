import type { RegisterNoun } from '../nouns.ts';
import { addChip } from './chip-command.ts';
import { addFleet } from './fleet-command.ts';
import { addMicroRdk } from './micro-rdk-command.ts';
import { addViamCloud } from './viam-cloud-command.ts';

/** `otakit simulate`: virtual counterparts of hardware and services. */
export const registerSimulate: RegisterNoun = (simulate, cli) => {
  addChip(simulate, cli);
  addFleet(simulate, cli);
  addMicroRdk(simulate, cli);
  addViamCloud(simulate, cli);
};

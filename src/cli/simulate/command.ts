import type { RegisterNoun } from '../program.ts';
import { addChip } from './chip-command.ts';
import { addMicroRdk } from './micro-rdk-command.ts';
import { addViamCloud } from './viam-cloud-command.ts';

/** `otakit simulate`: virtual counterparts of hardware and services. */
export const registerSimulate: RegisterNoun = (program, cli) => {
  const simulate = program
    .command('simulate')
    .description('Run a virtual counterpart of a device or of a service.');
  addChip(simulate, cli);
  addMicroRdk(simulate, cli);
  addViamCloud(simulate, cli);
};

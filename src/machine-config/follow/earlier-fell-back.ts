import { formatHex, type Issue } from '../../shared/index.ts';
import type { MachineConfigCode } from '../codes.ts';

/** What it means that a device writes to the slot of the update before again. */
export function earlierFellBack(flashOffset: number): Issue<MachineConfigCode> {
  return {
    code: 'machine-config/earlier-fell-back',
    severity: 'warning',
    message: `the update before was written to ${formatHex(flashOffset)} too, so the device runs its old slot`,
    hint: 'Its bootloader did not take that build, or the board was flashed by cable since. The console shows which: --monitor PORT.',
  };
}

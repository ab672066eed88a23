import type { Issue, ThrowableCode } from '../shared/index.ts';
import { type MACHINE_CONFIG_CODES, type MachineConfigCode, MachineConfigError } from './codes.ts';

/** The first error among the issues of something that may not be done, to throw. */
export function refusalOf(issues: readonly Issue<MachineConfigCode>[]): MachineConfigError {
  const first = issues.find(({ severity }) => severity === 'error');
  return new MachineConfigError(
    (first?.code ?? 'machine-config/shape') as ThrowableCode<typeof MACHINE_CONFIG_CODES>,
    first?.message ?? 'the change was refused',
    { hint: first?.hint ?? 'Look at the config with `otakit config show`.' },
  );
}

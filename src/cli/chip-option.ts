import { type ChipName, CHIPS, parseChipName } from '../chips/index.ts';
import { CliError } from './codes.ts';

/**
 * A chip as people write it: `esp32c3`, `ESP32-C3`.
 *
 * @throws CliError `cli/usage`
 */
export function chipOption(text: string): ChipName {
  const chip = parseChipName(text);
  if (chip !== null) return chip;
  throw new CliError('cli/usage', `"${text}" is not a chip that otakit knows`, {
    hint: `Choose one of ${CHIPS.map(({ name }) => name).join(', ')}.`,
    details: { text },
  });
}

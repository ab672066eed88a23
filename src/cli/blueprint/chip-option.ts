import { type ChipName, parseChipName } from '../../chips/index.ts';
import { CliError } from '../codes.ts';

/** A chip as people write it: `esp32c3`, `ESP32-C3`. */
export function chipOption(text: string): ChipName {
  const chip = parseChipName(text);
  if (chip !== null) return chip;
  throw new CliError('cli/usage', `"${text}" is not a chip that otakit knows`, {
    hint: 'Write it as ESP-IDF does, such as esp32 or esp32c3.',
  });
}

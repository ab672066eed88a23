import { expect, it } from 'vitest';
import { AppImageError, parseFlasherArgs } from '../../src/app-image/index.ts';

const IDF = {
  write_flash_args: ['--flash_mode', 'dio', '--flash_size', '4MB', '--flash_freq', '80m'],
  flash_settings: { flash_mode: 'dio', flash_size: 'detect', flash_freq: '80m' },
  flash_files: {
    '0x0': 'bootloader/bootloader.bin',
    '0x10000': 'hello.bin',
    '0x8000': 'partition_table/partition-table.bin',
  },
  app: { offset: '0x10000', file: 'hello.bin', encrypted: 'false' },
  'partition-table': { offset: '0x8000', file: 'partition_table/partition-table.bin' },
  extra_esptool_args: { after: 'hard_reset', before: 'default_reset', stub: true, chip: 'esp32c3' },
};

it('reads what ESP-IDF writes', () => {
  const args = parseFlasherArgs(JSON.stringify(IDF));
  expect(args).toMatchObject({
    files: [
      { flashOffset: 0, path: 'bootloader/bootloader.bin' },
      { flashOffset: 0x1_0000, path: 'hello.bin' },
      { flashOffset: 0x8000, path: 'partition_table/partition-table.bin' },
    ],
    appPath: 'hello.bin',
    partitionTablePath: 'partition_table/partition-table.bin',
    chip: { name: 'esp32c3' },
  });
  expect(args.settings).toEqual({ mode: 'dio', frequency: '80m' });
});

it('makes do with the list of files', () => {
  const args = parseFlasherArgs(JSON.stringify({ flash_files: IDF.flash_files }));
  expect(args).toMatchObject({ appPath: null, partitionTablePath: null, chip: null });
  expect(args.settings).toEqual({});
});

it.each(['{', 'null', '{}', '{"flash_files":{}}', '{"flash_files":{"x":1}}'])(
  'refuses %s',
  (text) => {
    const parse = () => parseFlasherArgs(text, 'args.json');
    expect(parse).toThrow(AppImageError);
    expect(parse).toThrow(/^args\.json /);
  },
);

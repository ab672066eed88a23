export const INFO_HELP = `
Examples:
  otakit flash info
  otakit flash info --port /dev/ttyUSB0 --json | jq .mac

JSON:
  target, chip, revision (major × 100 + minor), mac, flashId, flashSizeBytes, secureBoot,
  flashEncryption, loader, baudRate, table[]{name,type,subtype,flashOffset,sizeBytes}|null,
  tableProblem|null, slots[]{slot,name,state,chip,projectName,version}, boots|null, why|null`;

export const WRITE_HELP = `
Examples:
  otakit flash write merged.bin                     first flash; NVS and otadata stay as they are
  otakit flash write build/app.bin                  the app into its slot, and it boots
  otakit flash write ota_1=app.bin nvs=nvs.bin --partitions partitions.csv
  otakit flash write --flasher-args build/flasher_args.json --port all
  otakit flash write merged.bin --nvs-rows boards.csv --loop
  otakit flash write build/app.bin --monitor --elf build/app.elf
  otakit flash write merged.bin --dry-run --json

A file says itself where it goes: a bootloader to where its chip has it, a table to 0x8000, an app into
factory or else ota_0, a merged image to 0 without its gaps. Otadata is changed where another slot
would boot. Anything that would not boot is refused before a byte is written: chip, revision, flash
size, table, slot, secure boot and flash encryption are checked.

With --loop it waits for a board, flashes it, rings the bell, waits until it is unplugged, and goes on
with the next: at every USB port (--port all, or no --port), or at each that is named. A board that
fails does not end it. Ctrl-C does, with a list of all boards by MAC address; it exits 0 when all are
done, as for one board when one failed (and did not go well later), 130 in the middle of a board.

Exits 3 when refused, 4 when a board does not answer, 6 when the flash does not hold what it should.

JSON:
  boards[]{target,ok,durationMs,chip,revision,mac,baudRate,otadataChanged,issues[],
  plan{chip,parts[]{kind,file,name,flashOffset,sizeBytes,partition,version},boots,kept,eraseAll},
  parts[]{name,flashOffset,sizeBytes,writtenBytes,erasedBytes,sentBytes,verified,retriedSectors},
  error{code,message,hint} where not ok}; with --dry-run the plan and its issues alone; with --monitor in one line,
  and then as \`otakit monitor\`; with --loop one line per board, and at the end
  summary{done,failed,boards[]{mac,target,ok,nvsRow}}`;

export const NVS_HELP = `
Examples:
  otakit flash nvs settings.csv
  otakit flash nvs nvs.bin --partition nvs --port /dev/ttyUSB0
  otakit flash nvs settings.csv --nvs-rows boards.csv --port all
  otakit flash nvs --nvs-rows values.csv --nvs-config config.csv

The partition is replaced as a whole, and nothing else is touched. What does not fit is refused.
Where the table has an nvs_keys partition, NVS in the clear is refused too: give --nvs-keys (as
\`otakit nvs keys\` makes them), and it is encrypted and the keys are written beside it.

A CSV of --nvs-rows has a row per board. Its header names each column: namespace:key:encoding (or
namespace:key:file:encoding) is stored, an empty field is not; mac says which board the row is for, id or
serial what it is called. Rows without a MAC address go to boards in turn:

  id,mac,factory:serial:string,wifi:password:string,VIAM_NS:ROBOT_ID:string,VIAM_NS:ROBOT_SECRET:string
  SN-0001,,SN-0001,hunter2,7f0e…,…
  SN-0002,84:f7:03:aa:bb:cc,SN-0002,hunter3,91c4…,…

Who got which is noted in a journal beside it (boards.csv.boards.jsonl), before the board is touched:
no row goes to two boards, and a board that comes again gets its own row again. To give the row of a
dead board to another, delete its lines there. Values are neither printed nor noted, but for a digest
of the row where it has no id. With --nvs-config the pair of CSVs of Espressif’s mfg_gen does as it is.

JSON: as \`otakit flash write\`, with nvsRow`;

export const APP_HELP = `
Examples:
  otakit flash app build/app.bin
  otakit flash app build/app.bin --slot ota_1 --port /dev/ttyUSB0

JSON: as \`otakit flash write\``;

export const READ_HELP = `
Examples:
  otakit flash read nvs -o nvs.bin
  otakit flash read ota_1 -o app.bin
  otakit flash read 0 4MB -o dump.bin

What arrives is checked by MD5.

JSON: file, flashOffset, sizeBytes`;

export const VERIFY_HELP = `
Examples:
  otakit flash verify build/app.bin --at ota_0
  otakit flash verify merged.bin --at 0

Exits 0 when the flash holds the file, 6 with the sectors that differ when it does not.

JSON: file, flashOffset, sizeBytes, matches, differingSectors[] (flash offsets)`;

export const BACKUP_HELP = `
Example:
  otakit flash backup -o board-17.otabackup

Blank flash is neither read nor stored, and the rest is compressed.

JSON: file, fileBytes, chip, revision, mac, secureBoot, flashEncryption, flashId, flashSizeBytes`;

export const RESTORE_HELP = `
Examples:
  otakit flash restore board-17.otabackup
  otakit flash restore golden.otabackup --other-board

Only what differs is written, what was blank is erased, and everything is compared afterwards.

JSON: file, flashOffset, sizeBytes, writtenBytes, erasedBytes, sentBytes, verified, retriedSectors`;

export const ERASE_HELP = `
Examples:
  otakit flash erase nvs
  otakit flash erase 0x9000 0x6000
  otakit flash erase --all

JSON: flashOffset, sizeBytes`;

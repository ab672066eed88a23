/** What stands below the options of each verb: examples, JSON shapes, what the exit codes mean. */

export const SHOW_HELP = `
Examples:
  otakit partitions show partitions.csv --flash-size 8MB
  otakit partitions show build/partition_table/partition-table.bin
  otakit partitions show flash-dump.bin --offset 0x8000
  otakit partitions show partitions.csv --json | jq '.entries[].name'

JSON: file, form (csv or binary), tableFlashOffset, hasMd5, flashSizeBytes, usedBytes,
entries[]{name, type, typeName, subtype, subtypeName, flashOffset, sizeBytes, endOffset, encrypted,
readonly, line}, free[]{flashOffset, sizeBytes}, issues[]{code, severity, message, hint, location}.`;

export const CHECK_HELP = `
Errors are what a device fails on, or what ESP-IDF refuses to build; warnings work, but likely not as
meant. Exit code 3 when there is an error.

Examples:
  otakit partitions check partitions.csv --flash-size 4MB --chip esp32c3
  otakit partitions check flash-dump.bin --json | jq '.issues[].code'

JSON: file, form, ok, entries, issues[]{code, severity, message, hint, location}.`;

export const BUILD_HELP = `
Writes the same bytes as ESP-IDF's gen_esp32part.py, and refuses what it refuses. What a device would
fail on beyond that is a warning here; use "otakit partitions check" to stop at it.

Examples:
  otakit partitions build partitions.csv -o partition-table.bin --flash-size 4MB
  otakit partitions build partitions.csv -o table.bin --offset 0x10000 --secure v2

gen_esp32part.py's options: --disable-md5sum is --no-md5 here; --flash-size, --offset, --secure,
--no-verify, --quiet, --primary-bootloader-offset, --recovery-bootloader-offset and
--extra-partition-subtypes are the same.

JSON: file, form (csv, binary), ok, output (null where nothing was written), issues[]{code, severity,
message, hint, location}.`;

export const CSV_HELP = `
Prints the same text as ESP-IDF's gen_esp32part.py. A CSV is printed in that form, too, with all
offsets filled in; its comments are not kept.

Examples:
  otakit partitions csv partition-table.bin
  otakit partitions csv flash-dump.bin --offset 0x8000 -o partitions.csv`;

export const DRAW_HELP = `
Examples:
  otakit partitions draw partitions.csv
  otakit partitions draw partitions.csv --flash-size 8MB -o flash-map.svg`;

export const DIFF_HELP = `
An update over the air replaces an app and never the table: devices in the field keep the table that
they were flashed with. So the question is whether an app made for the new table runs on the old one,
and otherwise what a cable must bring and what is lost on the way.

Examples:
  otakit partitions diff shipped.csv partitions.csv
  otakit partitions diff flash-dump.bin partitions.csv --exit-code

JSON: before, after, identical, changes[]{kind, before, after, what[]},
overTheAir{verdict: same | keep | no, reasons[], largestImageBytes}, dataLost[]{entry, reason, by},
byCable[]{what, action, entry, flashOffset, sizeBytes}.`;

export const INIT_HELP = `
Slots that are too small for the image grow at the cost of the storage behind them; storage takes
what a larger flash has more. The result keeps the layout of the preset.

Examples:
  otakit partitions init --list
  otakit partitions init --flash-size 4MB --image build/app.bin
  otakit partitions init micro-rdk-8mb -o -`;

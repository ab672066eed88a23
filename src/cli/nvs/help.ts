export const SHOW_HELP = `
Examples:
  otakit nvs show nvs.bin
  otakit nvs show flash-dump.bin --namespace VIAM_NS --reveal
  otakit nvs show nvs.bin --keys nvs-keys.bin --json | jq '.values[].key'
  otakit nvs show nvs.bin --csv --reveal > nvs.csv

Values whose key looks like that of a secret (password, secret, token, key, …) are shown by their
length unless --reveal is given. Damaged pages and entries are listed; exit code 3 says that the
device would lose something.

JSON: file, version, usage{pages, blankPages, writtenEntries, erasedEntries, freeEntries},
pages[]{index, state, sequence, version, headerCrcValid}, namespaces{index: name},
values[]{namespace, namespaceIndex, key, type, secret, value, places[]{page, entry}}, deleted[] (with
--deleted), issues[]. A secret has the value null; a blob is hex; an integer beyond 2^53 a string.`;

export const GET_HELP = `
Examples:
  otakit nvs get nvs.bin VIAM_NS OTA_VERSION
  otakit nvs get nvs.bin VIAM_NS TLS_CERT -o cert.der

A blob is printed as hex, and written to a file as it is.

JSON: the value as nvs show has it among its values[].`;

export const SET_HELP = `
Examples:
  otakit nvs set nvs.bin VIAM_NS OTA_VERSION v1.4.0
  otakit nvs set nvs.bin storage counter 42 --type u32
  otakit nvs set flash-dump.bin wifi password --value-file password.txt
  pass show wifi | otakit nvs set nvs.bin wifi password --stdin

The file is changed in place, byte for byte as the device would: the value is appended, the old one
marked erased, and pages are begun and cleared as needed. From a file or standard input one line end
behind a text is dropped. A namespace that is new is entered first.`;

export const DELETE_HELP = `
Examples:
  otakit nvs delete nvs.bin VIAM_NS OTA_VERSION
  otakit nvs delete flash-dump.bin wifi password`;

export const BUILD_HELP = `
Examples:
  otakit nvs build nvs.csv --size 0x4000 -o nvs.bin
  otakit nvs build nvs.csv --partitions partitions.csv -o nvs.bin
  otakit nvs build nvs.csv --size 24K --keys nvs-keys.bin -o nvs-encrypted.bin

CSV: a header line key,type,encoding,value; type namespace, data or file; encoding u8, i8, u16, i16,
u32, i32, u64, i64, string, binary, hex2bin, base64, blob_fill(N;0xNN) or blob_sz_fill(N;0xNN).
Fields are quoted as in RFC 4180, also over several lines; lines that begin with # are comments.
Paths of file rows count from where the command runs. The bytes are those of nvs_partition_gen, also
where it does what its user hardly meant; such rows are warned of. With --reopen-namespaces a
repeated namespace row goes back to its namespace, which that tool does not do; with
--no-wifi-extras the entries that it adds to sta.ssid, sta.pswd and ap.* keys are left out, as is
right for a CSV from nvs show --csv, which has them.`;

export const DIFF_HELP = `
Examples:
  otakit nvs diff before.bin after.bin
  otakit nvs diff before.bin after.bin --json

JSON: an array of {kind: added, removed or changed, before, after}, each side as in nvs show.`;

export const CRYPT_HELP = `
Examples:
  otakit nvs keys -o nvs-keys.bin
  otakit nvs encrypt nvs.bin --keys nvs-keys.bin -o nvs-encrypted.bin
  otakit nvs decrypt nvs-encrypted.bin --keys nvs-keys.bin -o nvs.bin
  otakit nvs decrypt nvs-encrypted.bin --hmac-key hmac.bin -o nvs.bin

Every entry is encrypted by itself, with its offset in the partition; page headers are not. The other
commands read and edit encrypted partitions too when they are given the keys.`;

export const KEYS_HELP = `
Examples:
  otakit nvs keys -o nvs-keys.bin
  otakit nvs keys --hmac-key hmac.bin -o nvs-keys.bin

The file goes to the entry of type nvs_keys in the partition table, and to --keys. With the HMAC
scheme the chip derives the same keys from its eFuses and needs no keys partition.`;

export const VIAM_HELP = `
Examples:
  otakit nvs viam nvs.bin
  otakit nvs viam nvs.bin --credentials viam.json --wifi-ssid lab --wifi-password-file wifi.txt
  otakit nvs viam new.bin --size 0x14000 --credentials viam.json --ota-version v1.4.0

Keys: WIFI_SSID, WIFI_PASSWORD, ROBOT_ID, ROBOT_SECRET, ROBOT_APP_ADDR, OTA_VERSION. A device whose
OTA_VERSION differs from the version tag in its machine config updates itself at first contact; seed
the tag of the image that is flashed to keep it from that.

JSON: file, settings{key: value, or null}, set[] (the keys that have a value, secrets included),
blobs{key: bytes}, seeded[].`;

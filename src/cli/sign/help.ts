export const KEYGEN_HELP = `
Examples:
  otakit sign keygen -o release.pem
  otakit sign keygen --algorithm ecdsa-p256 -o release.pem --passphrase-file passphrase.txt

Writes the private key (PKCS#8 PEM, mode 0600) and beside it the public one, release.pub.pem, which is
all that a server needs: otakit key add release.pub.pem. The key id is the first 16 hex digits of the
SHA-256 over the public key's DER form. Keys by openssl genpkey (ed25519, EC P-256) do as well.

Ed25519 needs libsodium on the device; ECDSA P-256 works with what ESP-IDF has.

JSON: keyId, algorithm, privateKey and publicKey (the files).`;

export const SIGN_HELP = `
Examples:
  otakit sign sign build/app.bin --key release.pem --blueprint sensor-v2
  otakit sign sign build/app.bin --key release.pem --package main --version 1.1.0 \\
      --blueprint sensor-v2 --blueprint sensor-v3 --sequence 12 -o app.sig
  otakit sign sign model.bin --binary --key release.pem --package model --version 7

What is signed is a manifest: package, version, chip, blueprints, size, SHA-256, secure version and
sequence. A signed image can therefore not be passed off as another version, for another board, or (by
its sequence) in an older deployment. The image is checked first: one that no device could take is
refused.

JSON: file, output, keyId, algorithm, manifest{packageId, version, chip, blueprintIds[], sizeBytes,
sha256, secureVersion, sequence}.`;

export const MANIFEST_HELP = `
Examples, with a key that stays elsewhere:
  otakit sign manifest app.bin --blueprint sensor-v2 -o manifest.json
  openssl dgst -sha256 -sign release.pem -out raw.sig manifest.json          (ECDSA P-256)
  openssl pkeyutl -sign -rawin -inkey release.pem -in manifest.json -out raw.sig    (Ed25519)
  otakit sign sign app.bin --blueprint sensor-v2 --raw-signature raw.sig --public-key release.pub.pem

It is one JSON object in the canonical form of RFC 8785, without a line end:
{"blueprints":[…],"chip":"esp32c3","format":"otakit-artifact-1","package":"main","secureVersion":0,
"sequence":1,"sha256":"…","size":917504,"version":"1.1.0"}. Ed25519 signs these bytes as they are, ECDSA
P-256 their SHA-256, with the signature in DER. chip and secureVersion are null for a --binary.`;

export const VERIFY_HELP = `
Examples:
  otakit sign verify app.bin app.bin.sig --public-key release.pub.pem
  otakit sign verify app.bin app.bin.sig --public-key release.pub.pem --json | jq .reason

Size, digest, chip and secure version are taken from the file itself, package, version, boards and
sequence from what was signed. Exit code 6 where the signature does not hold.

JSON: valid, code, reason, differences[]{field, signed, actual}, keyId, algorithm, manifest{…}.`;

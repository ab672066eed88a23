import { type Command, Option } from 'commander';
import type { RegisterNoun } from '../nouns.ts';
import { KEYGEN_HELP, MANIFEST_HELP, SIGN_HELP, VERIFY_HELP } from './help.ts';
import type { KeygenOptions } from './keygen.ts';
import type { SignOptions } from './sign.ts';
import type { PrintManifestOptions } from './print-manifest.ts';
import type { VerifyOptions } from './verify.ts';

/** `otakit sign …`: keys, signatures over what is released, and whether they hold. Needs no server. */
export const registerSign: RegisterNoun = (noun, cli) => {
  noun
    .command('keygen')
    .description('Make a key pair: the private key for you, the public one for the server.')
    .addOption(
      new Option('--algorithm <algorithm>', 'how it signs; ESP-IDF itself verifies ecdsa-p256')
        .choices(['ed25519', 'ecdsa-p256'])
        .default('ed25519'),
    )
    .requiredOption('-o, --output <file>', 'private key to write, such as release.pem')
    .option('--passphrase-file <file>', 'encrypt the private key with what stands in this file')
    .option('-f, --force', 'overwrite the keys')
    .option('--json', 'print one JSON object')
    .addHelpText('after', KEYGEN_HELP)
    .action(async (options: KeygenOptions) => {
      const { keygen } = await import('./keygen.ts');
      await keygen(options, cli);
    });

  withManifest(noun.command('sign').argument('<image>', 'app image, or any file with --binary'))
    .description('Sign an artifact: its bytes, version, chip, boards and secure version.')
    .option('--key <file>', 'private key, as `sign keygen` writes it')
    .option('--passphrase-file <file>', 'its passphrase stands in this file')
    .option('--raw-signature <file>', 'take a signature made elsewhere over `sign manifest`')
    .option('--public-key <file>', 'the public key of --raw-signature')
    .option('-o, --output <file>', 'signature to write; IMAGE.sig otherwise')
    .option('-f, --force', 'overwrite the signature')
    .option('--json', 'print one JSON object')
    .addHelpText('after', SIGN_HELP)
    .action(async (image: string, options: SignOptions) => {
      const { sign } = await import('./sign.ts');
      await sign(image, options, cli);
    });

  withManifest(noun.command('manifest').argument('<image>', 'app image, or any file with --binary'))
    .description('Print the very bytes that are signed, for a key that otakit cannot read (HSM).')
    .option('-o, --output <file>', 'file to write')
    .option('-f, --force', 'overwrite it')
    .addHelpText('after', MANIFEST_HELP)
    .action(async (image: string, options: PrintManifestOptions) => {
      const { printManifest } = await import('./print-manifest.ts');
      await printManifest(image, options, cli);
    });

  noun
    .command('verify')
    .description('Say whether a signature holds for a file, and if not, what differs.')
    .argument('<image>', 'the file that is to be released')
    .argument('<signature>', 'signature that `sign sign` wrote')
    .requiredOption('--public-key <file>', 'the key that must have made it')
    .option('--json', 'print one JSON object')
    .addHelpText('after', VERIFY_HELP)
    .action(async (image: string, signature: string, options: VerifyOptions) => {
      const { verify } = await import('./verify.ts');
      await verify(image, signature, options, cli);
    });
};

/** The options that say what the file is. */
function withManifest(command: Command): Command {
  const several = (value: string, before: readonly string[] = []): readonly string[] => [
    ...before,
    value,
  ];
  return command
    .option('--package <package>', 'what it is part of', 'main')
    .option('--version <version>', 'its version; that in the app descriptor otherwise')
    .option<readonly string[]>('--blueprint <blueprint>', 'hardware it is for; repeatable', several)
    .option('--sequence <number>', 'for no deployment before this one', '1')
    .option('--binary', 'it is no app image');
}

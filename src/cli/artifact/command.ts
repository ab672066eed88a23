import { addCommon, addList, type CommonOptions, several } from '../fleet/options.ts';
import type { ListOptions } from '../fleet/verb.ts';
import { addVerbHelp } from '../fleet/verb-help.ts';
import { ARTIFACT } from '../fleet/json-shapes.ts';
import type { RegisterNoun } from '../nouns.ts';
import { alsoCalled } from '../option-names.ts';
import type { CreateOptions } from './create.ts';
import type { DownloadOptions } from './download.ts';

interface Filter extends ListOptions {
  readonly package?: string;
  readonly artifactVersion?: string;
  readonly blueprint?: string;
}

/** `otakit artifact …`: the bytes of package versions. */
export const registerArtifact: RegisterNoun = (noun, { context }) => {
  const create = noun.command('create').alias('upload');
  alsoCalled(create, { '--pkg': '--package', '--blueprints': '--blueprint' });
  addCommon(create.argument('[file]', 'the image; or use --uri'))
    .description('Check an image against its hardware and add it as a version of a package.')
    .option('--package <package>', 'which package', 'main')
    .option('--version <version>', 'its version; that in the app descriptor otherwise')
    .option('--blueprint <blueprint>', 'hardware it is for; repeatable', several)
    .option('--release-notes <text>', 'what is new')
    .option('--min-version <version>', 'the oldest version that may take it directly')
    .option('--signature <file>', 'signature made by `otakit sign`; repeatable', several)
    .option('--sha256 <hex>', 'refuse bytes other than these')
    .option('--uri <uri>', 'let the server fetch it from http, https or s3; needs --sha256')
    .addHelpText('after', CREATE_HELP)
    .action(async (file: string | undefined, options: CreateOptions) => {
      const { create } = await import('./create.ts');
      await create(file, options, context);
    });

  addList(
    alsoCalled(noun.command('list'), { '--pkg': '--package', '--version': '--artifact-version' }),
  )
    .description('List the artifacts.')
    .option('--package <package>', 'only of this package')
    .option('--artifact-version <version>', 'only of this version')
    .option('--blueprint <blueprint>', 'only for this hardware')
    .action(async (options: Filter) => {
      const { list } = await import('../fleet/verb.ts');
      const { ARTIFACT_COLUMNS } = await import('./columns.ts');
      const { package: packageId, artifactVersion: version, blueprint: blueprintId } = options;
      const query = { packageId, version, blueprintId };
      await list('/artifacts', ARTIFACT_COLUMNS, query, options, context);
    });

  addCommon(noun.command('show').argument('<artifact>', 'its id'))
    .description('Show one artifact.')
    .action(async (artifactId: string, options: CommonOptions) => {
      const { segment, show } = await import('../fleet/verb.ts');
      await show(`/artifacts/${segment(artifactId)}`, options, context);
    });

  addCommon(noun.command('download').argument('<artifact>', 'its id'))
    .description('Fetch the bytes of an artifact and check them.')
    .requiredOption('-o, --output <file>', 'where to')
    .option('--force', 'overwrite the output file')
    .action(async (artifactId: string, options: DownloadOptions) => {
      const { download } = await import('./download.ts');
      await download(artifactId, options, context);
    });

  addCommon(noun.command('add-signature').argument('<artifact>', 'its id'))
    .description('Add a signature made by `otakit sign` to an artifact.')
    .argument('<file>', 'the signature')
    .action(async (artifactId: string, file: string, options: CommonOptions) => {
      const { addSignature } = await import('./create.ts');
      await addSignature(artifactId, file, options, context);
    });

  addCommon(noun.command('update').argument('<artifact>', 'its id'))
    .description('Change the release notes; everything else stays as it is for ever.')
    .requiredOption('--release-notes <text>', 'what is new')
    .action(async (artifactId: string, options: CommonOptions & { releaseNotes: string }) => {
      const { change, segment } = await import('../fleet/verb.ts');
      const body = { releaseNotes: options.releaseNotes };
      await change('patch', `/artifacts/${segment(artifactId)}`, body, options, context);
    });

  addCommon(noun.command('delete').argument('<artifact>', 'its id'))
    .description('Remove an artifact that no deployment has.')
    .action(async (artifactId: string, options: CommonOptions) => {
      const { remove, segment } = await import('../fleet/verb.ts');
      await remove(`/artifacts/${segment(artifactId)}`, `artifact ${artifactId}`, options, context);
    });

  addVerbHelp(noun, ARTIFACT, {
    create: [],
    list: ['--package main', '--blueprint sensor-v2 --sort -createdAtMs --json'],
    show: ['art_k3v5…'],
    download: ['art_k3v5… -o app.bin'],
    'add-signature': ['art_k3v5… app.bin.sig'],
    update: ['art_k3v5… --release-notes "opens the door again"'],
    delete: ['art_k3v5…'],
  });
};

const CREATE_HELP = `
An app image has to pass the whole image check against the chip, the flash size and the partition
table of every --blueprint before any device can see it. What fails leaves nothing behind.
What goliothctl calls --pkg is understood, too.

Examples:
  otakit artifact create build/app.bin --blueprint sensor-v2
  otakit artifact create modem.bin --package modem --version 4.1 --blueprint sensor-v2
  otakit artifact create --uri s3://firmware/app.bin --sha256 9f2c… --blueprint sensor-v2`;

import type { SigningKey } from '../../fleet/index.ts';
import type { EntityColumn } from '../fleet/entity-table.ts';
import type { AddOptions } from './add.ts';
import { addCommon, addList, type CommonOptions } from '../fleet/options.ts';
import type { ListOptions } from '../fleet/verb.ts';
import { addVerbHelp } from '../fleet/verb-help.ts';
import { KEY } from '../fleet/json-shapes.ts';
import type { RegisterNoun } from '../nouns.ts';

const COLUMNS: readonly EntityColumn<SigningKey>[] = [
  { title: 'key', value: (entity) => entity.keyId },
  { title: 'name', value: (entity) => entity.name },
  { title: 'algorithm', value: (entity) => entity.algorithm },
  { title: 'createdAtMs', value: (entity) => entity.createdAtMs },
  { title: 'revokedAtMs', value: (entity) => entity.revokedAtMs },
];

/** `otakit key …`: the public keys whose signatures count. */
export const registerKey: RegisterNoun = (noun, { context }) => {
  addCommon(noun.command('add').argument('<file>', 'PEM file of the public key'))
    .description('Let the signatures of a key count. The private key stays with you.')
    .option('--name <text>', 'whose key it is; the name of the file otherwise')
    .action(async (file: string, options: AddOptions) => {
      const { add } = await import('./add.ts');
      await add(file, options, context);
    });

  addList(noun.command('list'))
    .description('List the keys.')
    .action(async (options: ListOptions) => {
      const { list } = await import('../fleet/verb.ts');
      await list('/keys', COLUMNS, {}, options, context);
    });

  addCommon(noun.command('revoke').argument('<key>', 'its id'))
    .description('Let the signatures of a key count no longer, however old they are.')
    .action(async (keyId: string, options: CommonOptions) => {
      const { change, segment } = await import('../fleet/verb.ts');
      await change('post', `/keys/${segment(keyId)}/revoke`, {}, options, context);
    });

  addVerbHelp(noun, KEY, {
    add: ['release.pub.pem', 'release-2027.pub.pem --name "from 2027 on"'],
    list: [''],
    revoke: ['e671a14556f75d43'],
  });
};

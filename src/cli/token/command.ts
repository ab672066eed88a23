import { Option } from 'commander';
import type { AccessToken } from '../../fleet/index.ts';
import type { EntityColumn } from '../fleet/entity-table.ts';
import { addCommon, addList, type CommonOptions } from '../fleet/options.ts';
import type { ListOptions } from '../fleet/verb.ts';
import { addVerbHelp } from '../fleet/verb-help.ts';
import { TOKEN } from '../fleet/json-shapes.ts';
import type { RegisterNoun } from '../nouns.ts';
import type { CreateOptions } from './create.ts';

const COLUMNS: readonly EntityColumn<AccessToken>[] = [
  { title: 'token', value: (entity) => entity.tokenId },
  { title: 'name', value: (entity) => entity.name },
  { title: 'role', value: (entity) => entity.role },
  { title: 'createdAtMs', value: (entity) => entity.createdAtMs },
  { title: 'expiresAtMs', value: (entity) => entity.expiresAtMs },
  { title: 'revokedAtMs', value: (entity) => entity.revokedAtMs },
  { title: 'lastUsedAtMs', value: (entity) => entity.lastUsedAtMs },
];

const ROLES = ['admin', 'operator', 'viewer', 'uploader', 'provisioner'];

/** `otakit token …`: credentials of people, CI and first contact. */
export const registerToken: RegisterNoun = (noun, { context }) => {
  addCommon(noun.command('create').argument('<name>', 'who or what it is for'))
    .description('Make a token and print it, once.')
    .addOption(new Option('--role <role>', 'what it may do').choices(ROLES).makeOptionMandatory())
    .option('--expires <duration>', 'how long it works, such as 90d; for ever otherwise')
    .option('--blueprint <blueprint>', 'provisioner: hardware of the devices that it registers')
    .option('--cohort <cohort>', 'provisioner: the cohort that they join')
    .option('--secret-file <file>', 'write the token there instead of printing it')
    .addHelpText('after', CREATE_HELP)
    .action(async (name: string, options: CreateOptions) => {
      const { create } = await import('./create.ts');
      await create(name, options, context);
    });

  addList(noun.command('list'))
    .description('List the tokens, without their secrets.')
    .addOption(new Option('--role <role>', 'only of this role').choices(ROLES))
    .action(async (options: ListOptions & { role?: string }) => {
      const { list } = await import('../fleet/verb.ts');
      await list('/tokens', COLUMNS, { role: options.role }, options, context);
    });

  addCommon(noun.command('revoke').argument('<token>', 'its id'))
    .description('Make a token worthless.')
    .action(async (tokenId: string, options: CommonOptions) => {
      const { change, segment } = await import('../fleet/verb.ts');
      await change('post', `/tokens/${segment(tokenId)}/revoke`, {}, options, context);
    });

  addVerbHelp(noun, TOKEN, {
    create: { examples: [], json: `token{${TOKEN}}, secret; with --secret-file the token alone` },
    list: ['', '--role provisioner'],
    revoke: ['tok_k3v5…'],
  });
};

const CREATE_HELP = `
Roles: a viewer reads; an uploader (for CI) also adds artifacts; an operator runs the fleet; an admin
also handles tokens, keys and webhooks; a provisioner only registers new devices.

Examples:
  otakit token create ci --role uploader --expires 90d
  otakit token create factory --role provisioner --blueprint sensor-v2 --cohort production`;

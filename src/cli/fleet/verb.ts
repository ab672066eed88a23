import type { CliContext } from '../context.ts';
import { toJson } from '../json.ts';
import type { FleetApi, Query } from './api.ts';
import { connectFleet } from './connection.ts';
import { describeEntity } from './describe.ts';
import { entityTable, type EntityColumn } from './entity-table.ts';
import { CliError } from '../codes.ts';
import { type CommonOptions, countOption } from './options.ts';

/** Runs one command against the fleet that the options mean. */
export async function withFleet<Result>(
  options: CommonOptions,
  context: CliContext,
  work: (api: FleetApi) => Promise<Result>,
): Promise<Result> {
  await using connection = await connectFleet(options, context);
  return await work(connection.api);
}

/** Prints what came of a command: the entity as JSON, or a sentence and its fields. */
export function report(
  context: CliContext,
  { json = false }: CommonOptions,
  entity: unknown,
  sentence?: string,
): void {
  if (json) context.stdout.write(toJson(entity));
  else context.stdout.write(sentence === undefined ? describeEntity(entity) : `${sentence}\n`);
}

/** Which page of a list is wanted. */
export interface ListOptions extends CommonOptions {
  readonly page?: string;
  readonly perPage?: string;
  readonly sort?: string;
}

/** One page of a list, as the API answers it. */
interface Listed<Entity> {
  readonly list: readonly Entity[];
  readonly page: number;
  readonly perPage: number;
  readonly total: number;
}

/** `list` of any noun: one page as a table, and how many more there are. */
export async function list<Entity>(
  path: string,
  columns: readonly EntityColumn<Entity>[],
  query: Query,
  options: ListOptions,
  context: CliContext,
): Promise<void> {
  const { sort } = options;
  const page = countOption('--page', options.page, 0);
  const perPage = countOption('--per-page', options.perPage, 1, 1000);
  const answer = await withFleet(options, context, (api) =>
    api.get<Listed<Entity>>(path, { ...query, page, perPage, sort }),
  );
  if (options.json === true) {
    context.stdout.write(toJson(answer));
    return;
  }
  if (answer.list.length > 0) context.stdout.write(`${entityTable(columns, answer.list)}\n`);
  const shown = answer.page * answer.perPage + answer.list.length;
  if (answer.total === 0) context.stderr.write('None.\n');
  else if (shown < answer.total) {
    context.stderr.write(
      `${answer.list.length} of ${answer.total}; go on with --page ${answer.page + 1}\n`,
    );
  }
}

/** `show` of any noun. */
export async function show(
  path: string,
  options: CommonOptions,
  context: CliContext,
): Promise<void> {
  const entity = await withFleet(options, context, (api) => api.get(path));
  report(context, options, entity);
}

/** `create`, `update` and what else is one request: sends it and prints the entity. */
export async function change(
  method: 'post' | 'patch',
  path: string,
  body: Readonly<Record<string, unknown>>,
  options: CommonOptions,
  context: CliContext,
): Promise<void> {
  if (method === 'patch') mustChange(body);
  const entity = await withFleet(options, context, (api) => api[method](path, body));
  report(context, options, entity);
}

/** @throws CliError `cli/usage` for an update that changes nothing, which was meant to change something */
export function mustChange(fields: Readonly<Record<string, unknown>>): void {
  if (Object.values(fields).some((value) => value !== undefined)) return;
  throw new CliError('cli/usage', 'it is not said what is to change', {
    hint: '`--help` after the command has its options.',
  });
}

/** `delete` of any noun. */
export async function remove(
  path: string,
  what: string,
  options: CommonOptions,
  context: CliContext,
): Promise<void> {
  await withFleet(options, context, (api) => api.remove(path));
  if (options.json === true) context.stdout.write(toJson({ deleted: what }));
  else context.stderr.write(`Deleted ${what}.\n`);
}

/** An id as one segment of a path. */
export function segment(id: string): string {
  return encodeURIComponent(id);
}

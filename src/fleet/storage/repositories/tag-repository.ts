import type { Kysely } from 'kysely';
import { FleetError } from '../../codes.ts';
import type { TagRepository } from '../../repositories.ts';
import { constraintOf } from '../sqlite.ts';
import type { Tables } from '../tables.ts';

export class StoredTags implements TagRepository {
  readonly #db: Kysely<Tables>;

  constructor(db: Kysely<Tables>) {
    this.#db = db;
  }

  async list(): Promise<readonly { tag: string; description: string; devices: number }[]> {
    const rows = await this.#db
      .selectFrom('tags')
      .leftJoin('device_tags', 'device_tags.tag', 'tags.tag')
      .select((eb) => [
        'tags.tag as tag',
        'tags.description as description',
        eb.fn.count<number>('device_tags.device_id').as('devices'),
      ])
      .groupBy(['tags.tag', 'tags.description'])
      .orderBy('tags.tag')
      .execute();
    return rows.map(({ tag, description, devices }) => ({
      tag,
      description,
      devices,
    }));
  }

  async get(tag: string): Promise<{ tag: string; description: string } | null> {
    const row = await this.#db
      .selectFrom('tags')
      .selectAll()
      .where('tag', '=', tag)
      .executeTakeFirst();
    return row === undefined ? null : { tag: row.tag, description: row.description };
  }

  async insert({ tag, description }: { tag: string; description: string }): Promise<void> {
    try {
      await this.#db.insertInto('tags').values({ tag, description }).execute();
    } catch (error) {
      if (constraintOf(error) !== 'unique') throw error;
      throw new FleetError('fleet/exists', `There is a tag ${tag} already.`, {
        hint: 'Use it, or take another name.',
        details: { noun: 'tag', id: tag },
        cause: error,
      });
    }
  }

  async delete(tag: string): Promise<boolean> {
    try {
      const { numDeletedRows } = await this.#db
        .deleteFrom('tags')
        .where('tag', '=', tag)
        .executeTakeFirstOrThrow();
      return numDeletedRows > 0n;
    } catch (error) {
      if (constraintOf(error) !== 'foreign-key') throw error;
      throw new FleetError('fleet/in-use', `The tag ${tag} is still on a device.`, {
        hint: 'Take it off first: otakit device list --tag shows who has it.',
        details: { noun: 'tag', id: tag },
        cause: error,
      });
    }
  }
}

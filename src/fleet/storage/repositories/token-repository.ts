import type { CompiledQuery, Kysely } from 'kysely';
import type { AccessToken } from '../../access/access-token.ts';
import type { TokenRepository } from '../../repositories.ts';
import { type Conditions, EntityRepository } from '../entity-repository.ts';
import { EntityTable } from '../entity-table.ts';
import { TOKENS } from '../layouts.ts';
import type { Tables } from '../tables.ts';

export class TokenTable extends EntityTable<AccessToken> {
  readonly bySecretQuery: CompiledQuery;

  constructor(db: Kysely<Tables>) {
    super(db, TOKENS);
    this.bySecretQuery = db
      .selectFrom('tokens')
      .selectAll()
      .where('secret_hash', '=', '')
      .compile();
  }
}

const conditions: Conditions<{ role?: string }> = ({ role }, eb) =>
  role === undefined ? [] : [eb('role', '=', role)];

export class StoredTokens
  extends EntityRepository<AccessToken, { role?: string }>
  implements TokenRepository
{
  readonly #bySecret: CompiledQuery;

  constructor(db: Kysely<Tables>, table: TokenTable) {
    super(db, table, conditions);
    this.#bySecret = table.bySecretQuery;
  }

  async bySecretHash(secretHash: string): Promise<AccessToken | null> {
    const { rows } = await this.run<Record<string, unknown>>(this.#bySecret, [secretHash]);
    return rows[0] === undefined ? null : this.table.fromRow(rows[0]);
  }
}

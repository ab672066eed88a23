import { type Expression, sql, type SqlBool } from 'kysely';

/** Whether a column contains the text, without regard to case and with no wildcards in the text. */
export function contains(column: string, text: string): Expression<SqlBool> {
  const pattern = `%${escaped(text.toLowerCase())}%`;
  return sql<SqlBool>`lower(${sql.ref(column)}) like ${pattern} escape '!'`;
}

/** Whether a column begins with the text, exactly. */
export function startsWith(column: string, text: string): Expression<SqlBool> {
  return sql<SqlBool>`substr(${sql.ref(column)}, 1, ${text.length}) = ${text}`;
}

function escaped(text: string): string {
  return text.replace(/[!%_]/g, '!$&');
}

import { type SelectQueryBuilder, type SqlBool, type StringReference, sql } from 'kysely'
import type { Slice } from '../volumegroups/index.ts'

/**
 * Keyset pages: the rows after a cursor, in the order of `columns` (a time, then text keys that make it unique).
 * Written as plain comparisons, which every engine has and which hold when the row at the cursor is gone.
 */
export function sliced<DB, Table extends keyof DB, Out>(
  query: SelectQueryBuilder<DB, Table, Out>,
  columns: readonly StringReference<DB, Table>[],
  { after, limit }: Slice,
): SelectQueryBuilder<DB, Table, Out> {
  let ordered = query.limit(limit)
  for (const column of columns) ordered = ordered.orderBy(column)
  if (after === undefined) return ordered
  const values = [after.atMs, ...after.keys]
  const compare = (index: number, operator: '=' | '>') =>
    sql<SqlBool>`${sql.ref(columns[index] as string)} ${sql.raw(operator)} ${values[index]}`
  return ordered.where((eb) =>
    eb.or(
      columns.map((_, last) =>
        eb.and([...columns.keys()].slice(0, last + 1).map((at) => compare(at, at === last ? '>' : '='))),
      ),
    ),
  )
}

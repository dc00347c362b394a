import type { Kysely } from 'kysely'
import type { Reader, Transactor } from '../volumegroups/index.ts'
import { toDate } from './rows.ts'
import type { Schema } from './schema.ts'

export function leaseReader(db: Kysely<Schema>): Pick<Reader, 'lease'> {
  return {
    lease: async (initiatorId) => {
      const row = await db
        .selectFrom('leases')
        .selectAll()
        .where('initiator_id', '=', initiatorId)
        .executeTakeFirst()
      if (row === undefined) return undefined
      const { instance, host } = row
      return { initiatorId, instance, host, renewedAt: toDate(row.renewed_at_ms) }
    },
  }
}

export function leaseWriter(db: Kysely<Schema>): Pick<Transactor, 'putLease'> {
  return {
    putLease: async ({ initiatorId, instance, host, renewedAt }) => {
      const lease = { instance, host, renewed_at_ms: renewedAt.getTime() }
      const { numUpdatedRows } = await db
        .updateTable('leases')
        .set(lease)
        .where('initiator_id', '=', initiatorId)
        .executeTakeFirstOrThrow()
      if (numUpdatedRows > 0n) return
      await db
        .insertInto('leases')
        .values({ initiator_id: initiatorId, ...lease })
        .execute()
    },
  }
}

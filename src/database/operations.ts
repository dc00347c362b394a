import type { Kysely, Updateable } from 'kysely'
import type { JournalWriter, OperationChange, OperationRecord } from '../journal/index.ts'
import type { Reader } from '../volumegroups/index.ts'
import { idsWithin } from './projects.ts'
import { fromFlag, type Row, toDate, toFailure, toFlag, toOperation } from './rows.ts'
import type { Schema } from './schema.ts'
import { sliced } from './slices.ts'

const OPEN = ['running', 'undoing', 'faulted']
const ENDED = ['done', 'failed']

export function operationReader(db: Kysely<Schema>): Pick<Reader, 'operation' | 'operations'> {
  return {
    operation: async (id) => {
      const row = await db.selectFrom('operations').selectAll().where('id', '=', id).executeTakeFirst()
      return row && toOperation(row)
    },
    operations: async ({ id, state, within }, slice) => {
      let query = db.selectFrom('operations').selectAll()
      if (id !== undefined) query = query.where('id', '=', id)
      if (state !== undefined) query = query.where('state', '=', state)
      if (within !== undefined) query = query.where('project_id', 'in', idsWithin(db, within))
      return (await sliced(query, ['started_at_ms', 'id'], slice).execute()).map(toOperation)
    },
  }
}

export function journalWriter(db: Kysely<Schema>): JournalWriter {
  return {
    operationRecord: async (id) => {
      const row = await db.selectFrom('operations').selectAll().where('id', '=', id).executeTakeFirst()
      return row && toRecord(row)
    },
    openOperations: async () => {
      const query = db.selectFrom('operations').selectAll().where('state', 'in', OPEN)
      return (await query.orderBy('started_at_ms').orderBy('id').execute()).map(toRecord)
    },
    insertOperation: async (record) => {
      await db.insertInto('operations').values(fromRecord(record)).execute()
    },
    updateOperation: async (id, change) => {
      await db.updateTable('operations').set(fromChange(change)).where('id', '=', id).execute()
    },
    noteSteps: async (steps) => {
      for (const [id, step] of steps) {
        const open = db.updateTable('operations').where('state', 'in', ['running', 'undoing'])
        await open.set({ step }).where('id', '=', id).execute()
      }
    },
    pruneOperations: (endedBefore, keep) => prune(db, endedBefore, keep),
    ...keyWriter(db),
  }
}

function keyWriter(
  db: Kysely<Schema>,
): Pick<JournalWriter, 'key' | 'insertKey' | 'freeKeyOf' | 'forgetKeys'> {
  return {
    key: async (kind, key) => {
      const row = await db
        .selectFrom('idempotency_keys')
        .selectAll()
        .where('kind', '=', kind)
        .where('key', '=', key)
        .executeTakeFirst()
      return row && { kind, key, requestHash: row.request_hash, operationId: row.operation_id }
    },
    insertKey: async ({ kind, key, requestHash, operationId }) => {
      await db
        .insertInto('idempotency_keys')
        .values({ kind, key, request_hash: requestHash, operation_id: operationId })
        .execute()
    },
    freeKeyOf: async (operationId) => {
      await db.deleteFrom('idempotency_keys').where('operation_id', '=', operationId).execute()
    },
    forgetKeys: async (subject, kinds) => {
      if (kinds.length === 0) return
      const operations = db.selectFrom('operations').select('id').where('subject', '=', subject)
      await db
        .deleteFrom('idempotency_keys')
        .where('kind', 'in', [...kinds])
        .where('operation_id', 'in', operations)
        .execute()
    },
  }
}

async function prune(db: Kysely<Schema>, endedBefore: Date, keep: number): Promise<void> {
  const ended = db.deleteFrom('operations').where('state', 'in', ENDED)
  await ended.where('ended_at_ms', '<', BigInt(endedBefore.getTime())).execute()
  const oldest = await db
    .selectFrom('operations')
    .select('started_at_ms')
    .where('state', 'in', ENDED)
    .orderBy('started_at_ms', 'desc')
    .offset(keep)
    .limit(1)
    .executeTakeFirst()
  if (oldest) await ended.where('started_at_ms', '<=', oldest.started_at_ms).execute()
}

function toRecord(row: Row<'operations'>): OperationRecord {
  return {
    ...{ id: row.id, kind: row.kind, subject: row.subject, intent: row.intent },
    realm: row.project_id ?? undefined,
    entities: JSON.parse(row.entities),
    state: row.state as OperationRecord['state'],
    committed: toFlag(row.committed),
    step: row.step ?? undefined,
    result: row.result ?? undefined,
    failure: toFailure(row),
    startedAt: toDate(row.started_at_ms),
    endedAt: row.ended_at_ms === null ? undefined : toDate(row.ended_at_ms),
  }
}

function fromRecord(record: OperationRecord) {
  const { id, kind, subject, intent, state } = record
  return {
    ...{ id, kind, subject, intent, state },
    project_id: record.realm ?? null,
    entities: JSON.stringify(record.entities),
    committed: fromFlag(record.committed),
    step: record.step ?? null,
    result: record.result ?? null,
    failure_reason: record.failure?.reason ?? null,
    failure_message: record.failure?.message ?? null,
    started_at_ms: record.startedAt.getTime(),
    ended_at_ms: record.endedAt?.getTime() ?? null,
  }
}

/** Only what the change names is written, also where it says `undefined`. */
function fromChange(change: OperationChange): Updateable<Schema['operations']> {
  return {
    ...('state' in change && { state: change.state as string }),
    ...('committed' in change && { committed: fromFlag(change.committed ?? false) }),
    ...('step' in change && { step: change.step ?? null }),
    ...('result' in change && { result: change.result ?? null }),
    ...('endedAt' in change && { ended_at_ms: change.endedAt?.getTime() ?? null }),
    ...('failure' in change && {
      failure_reason: change.failure?.reason ?? null,
      failure_message: change.failure?.message ?? null,
    }),
  }
}

import { decodeExactly, encodeExactly } from '../lib/exact-json.ts'
import type { AnyDefinition } from './definition.ts'
import type { JournalWriter, OperationRecord, Transactions } from './ports.ts'

export interface Settling<Tx extends JournalWriter> {
  readonly transactions: Transactions<Tx>
  readonly definitions: readonly AnyDefinition<Tx>[]
  readonly now: () => Date
  /** Whether what the transaction sees is what the operation's seal has left outside of the database. */
  readonly isSealed: (tx: Tx, record: OperationRecord) => Promise<boolean>
}

/**
 * Commits those operations of a former process that died between their seal and their commit, before anything is
 * made of what the seal left. Gives back their ids.
 */
export async function settle<Tx extends JournalWriter>(settling: Settling<Tx>): Promise<readonly string[]> {
  const { transactions, definitions } = settling
  const open = await transactions.transact((tx) => tx.openOperations())
  const settled: string[] = []
  for (const record of open.filter(({ state, committed }) => state === 'running' && !committed)) {
    const definition = definitions.find(({ kind }) => kind === record.kind)
    if (definition?.seal && (await wouldFit(settling, definition, record))) {
      await commit(settling, definition, record)
      settled.push(record.id)
    }
  }
  return settled
}

function wouldFit<Tx extends JournalWriter>(
  { transactions, isSealed }: Settling<Tx>,
  definition: AnyDefinition<Tx>,
  record: OperationRecord,
): Promise<boolean> {
  const rehearsal = transactions.rehearse(async (tx) => {
    await definition.commit(tx, decodeExactly(record.intent))
    return isSealed(tx, record)
  })
  return rehearsal.catch(() => false) // what can not be committed any more is undone
}

async function commit<Tx extends JournalWriter>(
  { transactions, now }: Settling<Tx>,
  definition: AnyDefinition<Tx>,
  { id, intent: text }: OperationRecord,
): Promise<void> {
  const intent = decodeExactly(text)
  const isLast = definition.forward.length === 0
  await transactions.transact(async (tx) => {
    const result = await definition.commit(tx, intent)
    await tx.updateOperation(id, {
      ...{ state: isLast ? 'done' : 'running', committed: true, step: undefined },
      ...{ result: encodeExactly(result), endedAt: isLast ? now() : undefined },
    })
    await tx.forgetKeys(definition.subject(intent), definition.supersedes)
  })
}

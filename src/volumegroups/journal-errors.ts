import type { JournalErrors } from '../journal/index.ts'
import { asStorageError, type EntityRef, StorageError, withStep } from './errors.ts'

/** The journal's errors in the words of the domain. */
export const journalErrors: JournalErrors = {
  busy: (entity, { operationId, kind, heldMs }) =>
    new StorageError(
      'ENTITY_BUSY',
      `${entity} is busy: ${kind} (${operationId}) has held it for ${heldMs} ms`,
      {
        entity: refOf(entity),
      },
    ),
  tooMany: (limit) => new StorageError('TOO_MANY_CALLS', `${limit} operations are under way already`),
  keyReused: (key) =>
    new StorageError('IDEMPOTENCY_KEY_REUSED', `the key ${key} was used before with another request`),
  stepTimedOut: (step, limitMs) =>
    new StorageError('STEP_TIMED_OUT', `the step "${step}" took longer than ${limitMs} ms`, { step }),
  stoppedWaiting: (cause) =>
    new StorageError('DEADLINE_EXCEEDED', 'the caller stopped waiting; the operation goes on', { cause }),
  stopping: () => new StorageError('NOT_READY', 'the element is stopping'),
  interrupted: () => new StorageError('NOT_READY', 'the element stopped before the operation was done'),
  atStep: withStep,
  describe: (error) => {
    const { reason, message } = asStorageError(error)
    return { reason, message }
  },
}

const KINDS: readonly [RegExp, EntityRef['kind']][] = [
  [/^(vg-\S+)$/, 'volumeGroup'],
  [/^(?:attachments of )?(disk-\S+)$/, 'disk'],
  [/^(rp-\S+)$/, 'recoveryPoint'],
  [/^initiator (.+)$/, 'initiator'],
]

/** What a lock is on, if it has an id yet. */
function refOf(lock: string): EntityRef | undefined {
  for (const [pattern, kind] of KINDS) {
    const id = pattern.exec(lock)?.[1]
    if (id !== undefined) return { kind, id }
  }
  return undefined
}

import { expect, test } from 'vitest'
import { checkHistory, type ObjectState, type RecordedCall } from '../support/linearizability.ts'

/** The checker refuses what must not be, and only that. */

const NOTHING: ObjectState = { id: '', sizeMib: 0, holder: '' }
const DISK: ObjectState = { id: 'disk-1', sizeMib: 4, holder: '' }

type Line = Omit<RecordedCall, 'object' | 'client' | 'callNs' | 'returnNs'> & {
  readonly at: readonly number[]
}

/** Each call at its times; one without a second time had no answer. */
const historyOf = (...lines: Line[]): RecordedCall[] =>
  lines.map(({ at: [callNs, returnNs], ...line }, client) => ({
    ...{ object: 'disk a', client, callNs: callNs! },
    ...(returnNs !== undefined && { returnNs }),
    ...line,
  }))

const create = (...at: number[]): Line => ({
  op: 'create',
  sizeMib: 4,
  at,
  ...(at.length > 1 && { answer: DISK }),
})
const read = (answer: ObjectState, ...at: number[]): Line => ({ op: 'read', answer, at })
const grant = (initiator: string, ...at: number[]): Line => ({
  op: 'grant',
  id: 'disk-1',
  initiator,
  answer: NOTHING,
  at,
})

const LEGAL: Record<string, RecordedCall[]> = {
  'a read after a create': historyOf(create(1, 2), read(DISK, 3, 4)),
  'reads of both sides during a create': historyOf(create(1, 9), read(NOTHING, 2, 3), read(DISK, 4, 5)),
  'a create without an answer that is seen late': historyOf(create(1), read(NOTHING, 2, 3), read(DISK, 8, 9)),
  'a create without an answer that is never seen': historyOf(
    create(1),
    read(NOTHING, 2, 3),
    read(NOTHING, 8, 9),
  ),
}

const ILLEGAL: Record<string, RecordedCall[]> = {
  'a stale read': historyOf(create(1, 2), read(NOTHING, 3, 4)),
  'a read that goes back in time': historyOf(create(1, 9), read(DISK, 2, 3), read(NOTHING, 4, 5)),
  'a disk that two initiators hold': historyOf(create(1, 2), grant('a', 3, 4), grant('b', 5, 6)),
  'a disk that is made twice': historyOf(create(1, 2), {
    ...create(3, 4),
    answer: { ...DISK, id: 'disk-2' },
  }),
  'a growth that is lost': historyOf(
    create(1, 2),
    { op: 'grow', id: 'disk-1', sizeMib: 8, answer: { ...DISK, sizeMib: 8 }, at: [3, 4] },
    read(DISK, 5, 6),
  ),
  'a delete that is undone': historyOf(
    create(1, 2),
    { op: 'delete', id: 'disk-1', answer: NOTHING, at: [3, 4] },
    read(DISK, 5, 6),
  ),
}

test.each(Object.entries(LEGAL))('%s is linearizable', async (_, history) => {
  expect(await checkHistory(history)).toEqual({ linearizable: 1, illegal: [], undecided: [] })
})

test.each(Object.entries(ILLEGAL))('%s is not', async (_, history) => {
  expect(await checkHistory(history)).toEqual({ linearizable: 0, illegal: ['disk a'], undecided: [] })
})

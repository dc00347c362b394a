import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { openDatabase } from '../../src/database/open.ts'
import {
  DEFAULT_LIMITS,
  type Definition,
  type EndedOperation,
  Journal,
  type JournalLimits,
  type Lock,
  type Trouble,
} from '../../src/journal/index.ts'
import { type Database, operationIds, StorageError, type Transactor } from '../../src/volumegroups/index.ts'
import { journalErrors } from '../../src/volumegroups/journal-errors.ts'

/** What an operation of these tests does: nothing but note it. */
interface Request {
  readonly name: string
  readonly locks?: readonly Lock[]
}

type Toy = Definition<Transactor, Request, Request, string>

interface Bench extends AsyncDisposable {
  readonly database: Database
  readonly journal: Journal<Transactor>
  readonly troubles: Trouble[]
  readonly ends: EndedOperation[]
  readonly notes: string[]
  /** An operation whose steps are these. */
  define(more: Partial<Toy>): Toy
  /** Another journal on the same database, as after a restart. */
  restarted(): Journal<Transactor>
  operation(): Promise<Record<string, unknown>>
}

async function createBench(limits: Partial<JournalLimits> = {}): Promise<Bench> {
  const directory = await mkdtemp(join(tmpdir(), 'mooring-'))
  const database = await openDatabase(join(directory, 'journal.db'))
  const troubles: Trouble[] = []
  const ends: EndedOperation[] = []
  const notes: string[] = []
  const journals: Journal<Transactor>[] = []
  const restarted = () => {
    const journal = new Journal<Transactor>({
      transactions: database,
      errors: journalErrors,
      newId: operationIds.create,
      now: () => new Date(),
      report: (trouble) => troubles.push(trouble),
      ended: (operation) => ends.push(operation),
      limits: { ...DEFAULT_LIMITS, backoffMs: 1, maxBackoffMs: 1, drainMs: 1, ...limits },
    })
    journals.push(journal)
    return journal
  }
  return {
    ...{ database, troubles, ends, notes, restarted },
    journal: restarted(),
    define: (more) => ({ ...toy(notes), ...more }),
    operation: async () => {
      const slice = { after: undefined, limit: 10 }
      return { ...(await database.reader.operations({}, slice)).at(-1) }
    },
    [Symbol.asyncDispose]: async () => {
      for (const journal of journals) await journal[Symbol.asyncDispose]()
      await database[Symbol.asyncDispose]()
      await rm(directory, { recursive: true })
    },
  }
}

const toy = (notes: string[]): Toy => ({
  kind: 'toy',
  plan: async (_tx, request) => ({ intent: request }),
  locks: ({ locks = [] }) => locks,
  subject: ({ name }) => name,
  entities: ({ name }) => [name],
  steps: [step(notes, 'first'), step(notes, 'second')],
  commit: async (_tx, { name }) => {
    notes.push('commit')
    return `made ${name}`
  },
  forward: [],
  supersedes: [],
})

const step = (notes: string[], name: string) => ({
  name,
  run: async () => notes.push(name),
  undo: async () => notes.push(`undo ${name}`),
})

/** A step that begins, and goes on when it is told. */
function gate(name: string) {
  const begun = Promise.withResolvers<void>()
  const open = Promise.withResolvers<void>()
  const run = async (): Promise<void> => {
    begun.resolve()
    await open.promise
  }
  return { step: { name, run }, begun: begun.promise, open: () => open.resolve() }
}

const failing = (name: string) => ({
  name,
  run: async () => {
    throw new StorageError('NO_SPACE', 'full')
  },
})

const exclusive = (entity: string): Lock => ({ entity, mode: 'exclusive' })
const shared = (entity: string): Lock => ({ entity, mode: 'shared' })

test('steps run in order, then the commit, and the result is kept', async () => {
  await using bench = await createBench()
  expect(await bench.journal.run(bench.define({}), { name: 'a' })).toBe('made a')
  expect(bench.notes).toEqual(['first', 'second', 'commit'])
  expect(await bench.operation()).toMatchObject({ kind: 'toy', state: 'done', entities: ['a'] })
  expect(bench.ends).toMatchObject([{ kind: 'toy', entities: ['a'], ending: 'done' }])
})

test('a failed step is undone in reverse, itself included, and named', async () => {
  await using bench = await createBench()
  const definition = bench.define({
    steps: [step(bench.notes, 'first'), { ...step(bench.notes, 'second'), ...failing('second') }],
  })
  const call = bench.journal.run(definition, { name: 'a' })
  await expect(call).rejects.toMatchObject({ reason: 'NO_SPACE', step: 'second' })
  expect(bench.notes).toEqual(['first', 'undo second', 'undo first'])
  const error = { reason: 'NO_SPACE', message: 'full' }
  expect(await bench.operation()).toMatchObject({ state: 'failed', step: 'second', error })
  expect(bench.ends).toMatchObject([{ ending: 'failed' }])
})

test('an undo that fails is tried again; when it never succeeds the operation is faulted, and seen', async () => {
  await using bench = await createBench({ attempts: 3 })
  let attempts = 0
  const undo = async () => {
    attempts += 1
    throw new Error('stuck')
  }
  const definition = bench.define({ steps: [{ ...failing('first'), undo }] })
  await expect(bench.journal.run(definition, { name: 'a' })).rejects.toMatchObject({ reason: 'NO_SPACE' })
  await expect
    .poll(() => bench.operation())
    .toMatchObject({ state: 'faulted', error: { reason: 'NO_SPACE' } })
  expect(attempts).toBe(3)
  expect(bench.troubles).toHaveLength(3)

  const healed = bench.define({ steps: [step(bench.notes, 'first')] })
  const { failed } = await bench.restarted().recover([healed])
  expect(failed).toHaveLength(1)
  expect(await bench.operation()).toMatchObject({ state: 'failed', error: { reason: 'NO_SPACE' } })
})

test('a start does not wait for an undo that fails: it goes on, and holds its locks', async () => {
  await using bench = await createBench()
  const { step: waiting, begun } = gate('waiting')
  const locks = [exclusive('disk-1')]
  bench.journal.run(bench.define({ steps: [waiting] }), { name: 'a', locks }).catch(() => {})
  await begun

  const journal = bench.restarted()
  const { step: healing, open } = gate('healing')
  let attempts = 0
  const undo = async () => {
    attempts += 1
    if (attempts === 1) throw new Error('not yet')
    await healing.run()
  }
  const { open: left } = await journal.recover([bench.define({ steps: [{ name: 'waiting', undo }] })])
  expect(left).toHaveLength(1)
  const busy = journal.run(bench.define({}), { name: 'b', locks })
  await expect(busy).rejects.toMatchObject({ reason: 'ENTITY_BUSY' })
  open()
  await expect.poll(async () => (await bench.operation()).state).toBe('failed')
})

test('past the commit the caller is answered, and what fails goes on until it succeeds', async () => {
  await using bench = await createBench()
  let attempts = 0
  const run = async () => {
    attempts += 1
    if (attempts < 5) throw new Error('not yet')
  }
  const definition = bench.define({ forward: [{ name: 'later', run }] })
  expect(await bench.journal.run(definition, { name: 'a' })).toBe('made a')
  await expect.poll(async () => (await bench.operation()).state).toBe('done')
  expect(attempts).toBe(5)
})

test('what a stopped process left is finished by the next one: back before the commit, forward after', async () => {
  await using bench = await createBench()
  const before = gate('before')
  const after = gate('after')
  const early = bench.define({ kind: 'early', steps: [step(bench.notes, 'first'), before.step] })
  const late = bench.define({ kind: 'late', forward: [after.step] })
  bench.journal.run(early, { name: 'a' }).catch(() => {})
  bench.journal.run(late, { name: 'b' }).catch(() => {})
  await Promise.all([before.begun, after.begun])
  bench.notes.length = 0

  const recovered = await bench
    .restarted()
    .recover([
      bench.define({ kind: 'early', steps: [step(bench.notes, 'first')] }),
      bench.define({ kind: 'late', forward: [step(bench.notes, 'after')] }),
    ])
  expect(recovered).toMatchObject({ failed: [expect.any(String)], done: [expect.any(String)] })
  expect(bench.notes.sort()).toEqual(['after', 'undo first'])
  expect(await bench.restarted().recover([])).toEqual({ done: [], failed: [], faulted: [], open: [] })
})

test('the same key joins the running operation, then finds its result, also after a restart', async () => {
  await using bench = await createBench()
  const { step: waiting, begun, open } = gate('waiting')
  const definition = bench.define({ steps: [waiting] })
  const first = bench.journal.run(definition, { name: 'a' }, { key: 'k' })
  await begun
  const second = bench.journal.run(definition, { name: 'a' }, { key: 'k' })
  const other = bench.journal.run(definition, { name: 'b' }, { key: 'k' })
  await expect(other).rejects.toMatchObject({ reason: 'IDEMPOTENCY_KEY_REUSED' })
  open()
  expect(await Promise.all([first, second])).toEqual(['made a', 'made a'])
  expect(await bench.restarted().run(definition, { name: 'a' }, { key: 'k' })).toBe('made a')
  expect(bench.notes).toEqual(['commit'])
})

test('a failed operation frees its key; one that supersedes another makes it forget', async () => {
  await using bench = await createBench()
  const failed = bench.journal.run(bench.define({ steps: [failing('first')] }), { name: 'a' }, { key: 'k' })
  await expect(failed).rejects.toMatchObject({ reason: 'NO_SPACE' })
  const definition = bench.define({})
  await bench.journal.run(definition, { name: 'a' }, { key: 'k' })
  await bench.journal.run(bench.define({ kind: 'end', supersedes: ['toy'] }), { name: 'a' })
  bench.notes.length = 0
  await bench.journal.run(definition, { name: 'a' }, { key: 'k' })
  expect(bench.notes).toEqual(['first', 'second', 'commit'])
})

test('a busy entity answers at once and names who holds it; others, and shared uses, go on', async () => {
  await using bench = await createBench()
  const { step: waiting, begun, open } = gate('waiting')
  const slow = bench.define({ kind: 'slow', steps: [waiting] })
  const quick = bench.define({ kind: 'quick' })
  const first = bench.journal.run(slow, { name: 'a', locks: [exclusive('disk-1'), shared('vg-1')] })
  await begun
  const busy = bench.journal.run(quick, { name: 'b', locks: [shared('vg-1'), shared('disk-1')] })
  await expect(busy).rejects.toMatchObject({
    reason: 'ENTITY_BUSY',
    entity: { kind: 'disk', id: 'disk-1' },
    message: expect.stringMatching(/^disk-1 is busy: slow \(op-.*\) has held it for \d+ ms$/),
  })
  await bench.journal.run(quick, { name: 'c', locks: [shared('vg-1'), exclusive('disk-2')] })
  open()
  await first
  await bench.journal.run(quick, { name: 'b', locks: [exclusive('vg-1'), exclusive('disk-1')] })
})

test("a caller's signal ends its waiting, not the operation", async () => {
  await using bench = await createBench()
  const { step: waiting, begun, open } = gate('waiting')
  const definition = bench.define({ steps: [waiting] })
  const abort = new AbortController()
  const call = bench.journal.run(definition, { name: 'a' }, { key: 'k', signal: abort.signal })
  await begun
  abort.abort()
  await expect(call).rejects.toMatchObject({ reason: 'DEADLINE_EXCEEDED' })
  open()
  expect(await bench.journal.run(definition, { name: 'a' }, { key: 'k' })).toBe('made a')
  expect(bench.notes).toEqual(['commit'])
})

test('a step past its deadline fails the call at once, and is undone only when it has settled', async () => {
  await using bench = await createBench()
  const { step: waiting, begun, open } = gate('waiting')
  const undo = async () => bench.notes.push('undo waiting')
  const definition = bench.define({ steps: [{ ...waiting, undo, limitMs: 1 }] })
  const call = bench.journal.run(definition, { name: 'a', locks: [exclusive('disk-1')] })
  await begun
  await expect(call).rejects.toMatchObject({ reason: 'STEP_TIMED_OUT', step: 'waiting' })
  expect(bench.notes).toEqual([])
  const busy = bench.journal.run(bench.define({}), { name: 'b', locks: [exclusive('disk-1')] })
  await expect(busy).rejects.toMatchObject({ reason: 'ENTITY_BUSY' })
  open()
  await expect.poll(async () => (await bench.operation()).state).toBe('failed')
  expect(bench.notes).toEqual(['undo waiting'])
})

test('no more operations than the limit are under way', async () => {
  await using bench = await createBench({ maxInFlight: 1 })
  const { step: waiting, begun, open } = gate('waiting')
  const first = bench.journal.run(bench.define({ steps: [waiting] }), { name: 'a' })
  await begun
  const second = bench.journal.run(bench.define({}), { name: 'b' })
  await expect(second).rejects.toMatchObject({ reason: 'TOO_MANY_CALLS' })
  open()
  await first
  expect(await bench.journal.run(bench.define({}), { name: 'b' })).toBe('made b')
})

test('a slow operation says at which step it is', async () => {
  await using bench = await createBench()
  const { step: waiting, begun, open } = gate('waiting')
  const call = bench.journal.run(bench.define({ steps: [waiting] }), { name: 'a' })
  await begun
  await expect.poll(async () => (await bench.operation()).step).toBe('waiting')
  open()
  await call
  expect(await bench.operation()).toMatchObject({ state: 'done', step: undefined })
})

test('a commit whose answer was lost is found in the database and stands', async () => {
  await using bench = await createBench()
  let losing = true
  const definition = bench.define({
    seal: async (_intent, commit) => {
      await commit.commit()
      if (losing) throw new Error('lost')
    },
  })
  const lossy = new Proxy(bench.database, {
    get: (database, name) => {
      if (name !== 'transact') return Reflect.get(database, name)
      return async (change: (tx: Transactor) => Promise<unknown>) => {
        const result = await database.transact(change)
        if (bench.notes.includes('commit') && losing) {
          losing = false
          throw new Error('lost')
        }
        return result
      }
    },
  })
  const journal = new Journal<Transactor>({
    transactions: lossy,
    errors: journalErrors,
    newId: operationIds.create,
    now: () => new Date(),
    report: () => {},
    ended: () => {},
    limits: DEFAULT_LIMITS,
  })
  expect(await journal.run(definition, { name: 'a' })).toBe('made a')
  expect(bench.notes).toEqual(['first', 'second', 'commit'])
})

test('after a stop nothing new begins', async () => {
  await using bench = await createBench()
  await bench.journal[Symbol.asyncDispose]()
  await expect(bench.journal.run(bench.define({}), { name: 'a' })).rejects.toMatchObject({
    reason: 'NOT_READY',
  })
})

test('what its check refuses is failed, with nothing done and nothing undone', async () => {
  await using bench = await createBench()
  const { journal, notes } = bench
  const full = new StorageError('NO_SPACE', 'full')
  let room = false
  const guarded = bench.define({
    check: async () => {
      if (!room) throw full
    },
  })
  await expect(journal.run(guarded, { name: 'a' }, { key: 'k' })).rejects.toMatchObject({
    reason: 'NO_SPACE',
  })
  expect(notes).toEqual([])
  expect(await bench.operation()).toMatchObject({ state: 'failed', error: { reason: 'NO_SPACE' } })
  room = true
  await journal.run(guarded, { name: 'a' }, { key: 'k' })
  expect(notes).not.toEqual([])
})

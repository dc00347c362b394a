import { StorageError } from '../../src/volumegroups/index.ts'
import type { Parts } from './world.ts'

/**
 * What happens to one of the calls by which an element touches the world. `fail`: it throws and the element lives
 * on. `die`: the process is gone at that moment; nothing that it calls later happens either. Else this is done before
 * the call goes its way.
 */
export type Fate = 'fail before' | 'fail after' | 'die before' | 'die after' | (() => Promise<void>)

/** What an element calls to change the world, by part. */
export const CHANGES = {
  database: ['transact'],
  store: [
    ...['createGroup', 'deleteGroup', 'createDisk', 'growDisk', 'deleteDisk'],
    ...['createRecoveryPoint', 'deleteRecoveryPoint', 'revertGroup', 'writeManifest'],
  ],
  target: ['grant', 'revoke', 'protect', 'disconnect', 'resize'],
}

export interface Interruption {
  /** To put between an element and its parts. */
  wrap(parts: Parts): Parts
  /** From now on calls are counted, and those of these numbers (the first is 1) meet their fates. */
  arm(...fates: readonly (readonly [atCall: number, fate: Fate])[]): void
  /** How many calls were made since it was armed. */
  readonly calls: number
  /** The calls that met their fates. */
  readonly hits: readonly string[]
  /** Resolves when the call that is to die was made. */
  readonly dead: Promise<void>
}

type Call = (...args: unknown[]) => Promise<unknown>
const never = new Promise<never>(() => {})

export function createInterruption(): Interruption {
  const dead = Promise.withResolvers<void>()
  const hits: string[] = []
  let armed: Map<number, Fate> | undefined
  let calls = 0
  let isDead = false

  const die = (): Promise<never> => {
    isDead = true
    dead.resolve()
    return never
  }
  const meet = async (fate: Fate, work: () => Promise<unknown>): Promise<unknown> => {
    if (typeof fate === 'function') {
      await fate()
      return work()
    }
    if (fate === 'die before') return die()
    if (fate === 'fail before') throw failure()
    await work()
    if (fate === 'die after') return die()
    throw failure()
  }
  const through = (name: string, work: () => Promise<unknown>): Promise<unknown> => {
    if (isDead) return never
    if (armed === undefined) return work()
    calls += 1
    const fate = armed.get(calls)
    if (fate === undefined) return work()
    hits.push(name)
    return meet(fate, work)
  }
  return {
    wrap: ({ database, store, target }) => ({
      database: intercepted(database, CHANGES.database, through),
      store: intercepted(store, CHANGES.store, through),
      target: intercepted(target, CHANGES.target, through),
    }),
    arm: (...fates) => {
      armed = new Map(fates)
    },
    hits,
    get calls() {
      return calls
    },
    dead: dead.promise,
  }
}

/** Does everything to store and target twice: every step has to bear it. */
export const twice = ({ database, store, target }: Parts): Parts => {
  const again = async (_name: string, work: () => Promise<unknown>): Promise<unknown> => {
    await work()
    return work()
  }
  return {
    database,
    store: intercepted(store, CHANGES.store, again),
    target: intercepted(target, CHANGES.target, again),
  }
}

function intercepted<Part extends object>(
  part: Part,
  names: readonly string[],
  through: (name: string, work: () => Promise<unknown>) => Promise<unknown>,
): Part {
  return new Proxy(part, {
    get: (_target, name) => {
      const member = Reflect.get(part, name)
      if (typeof name !== 'string' || !names.includes(name)) return member
      return (...args: unknown[]) => through(name, () => Reflect.apply(member as Call, part, args))
    },
  })
}

const failure = () => new StorageError('COMMAND_FAILED', 'it was made to fail')

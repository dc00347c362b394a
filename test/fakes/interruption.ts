import { StorageError } from '../../src/volumegroups/index.ts'
import type { Parts } from './world.ts'

/**
 * What happens to one of the calls by which an element touches the world. `fail`: it throws and the element lives
 * on. `die`: the process is gone at that moment; nothing that it calls later happens either.
 */
export type Fate = 'fail before' | 'fail after' | 'die before' | 'die after'

export interface Interruption {
  /** To put between an element and its parts. */
  wrap(parts: Parts): Parts
  /** From now on calls are counted, and the call of this number (the first is 1) meets its fate. */
  arm(atCall: number, fate: Fate): void
  /** How many calls were made since it was armed. */
  readonly calls: number
  /** The call that met its fate, once it did. */
  readonly hit: string | undefined
  /** Resolves when the call that is to die was made. */
  readonly dead: Promise<void>
}

const STORE = [
  ...['createGroup', 'deleteGroup', 'createDisk', 'growDisk', 'deleteDisk'],
  ...['createRecoveryPoint', 'deleteRecoveryPoint', 'writeManifest'],
]
const TARGET = ['grant', 'revoke', 'resize']
type Call = (...args: unknown[]) => Promise<unknown>
const never = new Promise<never>(() => {})

export function createInterruption(): Interruption {
  const dead = Promise.withResolvers<void>()
  let armed: { atCall: number; fate: Fate } | undefined
  let calls = 0
  let hit: string | undefined
  let isDead = false

  const die = (): Promise<never> => {
    isDead = true
    dead.resolve()
    return never
  }
  const meet = async (fate: Fate, work: () => Promise<unknown>): Promise<unknown> => {
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
    if (calls !== armed.atCall) return work()
    hit = name
    return meet(armed.fate, work)
  }
  const intercept = <Part extends object>(part: Part, label: string, names: readonly string[]): Part =>
    new Proxy(part, {
      get: (_target, name) => {
        const member = Reflect.get(part, name)
        if (typeof name !== 'string' || !names.includes(name)) return member
        return (...args: unknown[]) =>
          through(`${label}.${name}`, () => Reflect.apply(member as Call, part, args))
      },
    })
  return {
    wrap: ({ database, store, target }) => ({
      database: intercept(database, 'database', ['transact']),
      store: intercept(store, 'store', STORE),
      target: intercept(target, 'target', TARGET),
    }),
    arm: (atCall, fate) => {
      armed = { atCall, fate }
    },
    get calls() {
      return calls
    },
    get hit() {
      return hit
    },
    dead: dead.promise,
  }
}

const failure = () => new StorageError('COMMAND_FAILED', 'it was made to fail')

import { setTimeout as sleep } from 'node:timers/promises'
import type { Logger } from 'pino'
import { type Authority, asStorageError, type Database, timesOf } from '../../volumegroups/index.ts'

export interface AuthorityKeeperOptions {
  readonly authority: Authority
  readonly database: Pick<Database, 'prove'>
  readonly leaseMs: number
  /** The time since boot. */
  readonly bootMs: () => number
  /** What is granted may be served until then, in time since boot. */
  readonly renewed: (untilMs: number) => void
  /** Finishes what was left open, before the authority is regained. */
  readonly finishOpen: () => Promise<unknown>
  readonly log: Logger
}

export interface AuthorityKeeper extends AsyncDisposable {
  /** Resolves when the element has authority for the first time. */
  readonly held: Promise<void>
  /** Proves it once, as is done by itself. */
  prove(): Promise<void>
}

/**
 * Proves the element's authority again and again by writing its database, and lets what is granted be served for as
 * long as that allows. Regains a lost authority by itself.
 */
export function createAuthorityKeeper(options: AuthorityKeeperOptions): AuthorityKeeper {
  const { authority, database, bootMs, log } = options
  const { everyMs, answerWithinMs } = timesOf(options.leaseMs)
  const stop = new AbortController()
  const first = Promise.withResolvers<void>()
  let isToldHeld = false
  let regaining: Promise<void> | undefined

  const regain = async (): Promise<void> => {
    try {
      const finished = await options.finishOpen()
      authority.regain()
      if (authority.status().state === 'lost') return // again, since the last proof
      log.info({ finished }, 'the element has authority')
      isToldHeld = true
      first.resolve()
    } catch (err) {
      log.warn({ err }, 'what was left open could not be finished; the authority is not regained yet')
    }
  }
  const prove = async (): Promise<void> => {
    const begunMs = bootMs()
    try {
      await database.prove(answerWithinMs)
    } catch (error) {
      authority.lose(asStorageError(error).message)
      if (isToldHeld) log.error({ err: error }, 'the element has lost its authority')
      isToldHeld = false
      return
    }
    authority.proven(begunMs)
    options.renewed(authority.servesUntilMs)
    if (authority.status().state === 'held') return
    regaining ??= regain().finally(() => {
      regaining = undefined
    })
  }
  const run = async (): Promise<void> => {
    while (!stop.signal.aborted) {
      await prove()
      await sleep(everyMs, undefined, { signal: stop.signal }).catch(() => {})
    }
  }
  const running = run()
  return {
    held: first.promise,
    prove,
    [Symbol.asyncDispose]: async () => {
      stop.abort()
      await Promise.all([running, regaining])
    },
  }
}

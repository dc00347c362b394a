import { StorageError } from './errors.ts'
import type { AuthorityStatus } from './types.ts'

/**
 * `bounded`: nothing is served longer than a bound after the last proof of authority. `available`: what is granted
 * goes on being served whatever becomes of the element, for groups that nobody else can take over.
 */
export type AuthorityMode = AuthorityStatus['mode']

/** How much faster or slower a clock may run than another's: twenty times what kernels correct clocks by. */
const DRIFT = 0.01
/** What a process may lose between looking at the clock and acting. */
const MARGIN_MS = 1000
/** How long the sentinel takes to end the target. */
const KILL_MS = 2000

/** The durations that follow from the length of the element's lease. */
export const timesOf = (leaseMs: number) => ({
  /** How often the authority is proven. */
  everyMs: leaseMs / 5,
  /** A database that has not answered for so long can't be written. */
  answerWithinMs: leaseMs / 3,
  /** What is granted may be served for so long after a proof was begun. */
  serveMs: Math.floor(leaseMs * (1 - DRIFT)) - MARGIN_MS,
  /** Nothing is served any more so long after the last proof was begun. Whoever takes over waits as long. */
  boundMs: leaseMs + MARGIN_MS + KILL_MS,
})

export interface AuthorityOptions {
  readonly mode: AuthorityMode
  readonly leaseMs: number
  /** The time since boot, which also passes while the machine sleeps. */
  readonly bootMs: () => number
  readonly now: () => Date
}

/**
 * Whether the element may act: it must have proven, not long ago, that it can write its database. What it does by that
 * is here; who proves it is `element/loops/authority-keeper.ts`.
 */
export interface Authority {
  status(): Omit<AuthorityStatus, 'serving'>
  /** Throws AUTHORITY_LOST unless the element may change and grant things. */
  check(): void
  /** Throws AUTHORITY_LOST unless what is granted may be used. */
  vouch(): void
  /** What is granted may be served until then, in time since boot. */
  readonly servesUntilMs: number
  /** The database was written, in an attempt that began then. A lost authority stays lost until it is regained. */
  proven(begunMs: number): void
  /** All is as the last proof found it: the element may act again. Nothing when it was lost after that proof. */
  regain(): void
  /** It could not be written. */
  lose(why: string): void
}

/** What an element has that nobody can take over from and whose database never fails: one of fakes. */
export function unquestionedAuthority(since: Date): Authority {
  const nothing = (): void => {}
  return {
    status: () => ({ mode: 'available', state: 'held', since }),
    ...{ check: nothing, vouch: nothing, proven: nothing, regain: nothing, lose: nothing },
    servesUntilMs: Number.POSITIVE_INFINITY,
  }
}

export function createAuthority({ mode, leaseMs, bootMs, now }: AuthorityOptions): Authority {
  const { serveMs, boundMs } = timesOf(leaseMs)
  let servesUntilMs = Number.NEGATIVE_INFINITY
  let state: 'held' | 'lost' = 'lost'
  let why: string | undefined = 'nothing is proven yet since the element started'
  let since = now()
  let isProvenSince = false

  const lose = (reason: string): void => {
    if (state === 'held') since = now()
    state = 'lost'
    why = reason
    isProvenSince = false
  }
  /** An element that was stopped for a while finds here that its time is over. */
  const expire = (): void => {
    if (state === 'held' && bootMs() >= servesUntilMs) lose('no proof came in time; another is under way')
  }
  const check = (): void => {
    expire()
    if (state === 'held') return
    throw new StorageError(
      'AUTHORITY_LOST',
      `the element has no authority since ${since.toISOString()}: ${why}`,
    )
  }
  return {
    status: () => {
      expire()
      return { mode, state, since, why, boundMs: mode === 'bounded' ? boundMs : undefined }
    },
    check,
    vouch: mode === 'bounded' ? check : () => {},
    get servesUntilMs() {
      return servesUntilMs
    },
    proven: (begunMs) => {
      expire()
      servesUntilMs = begunMs + serveMs
      isProvenSince = true
    },
    regain: () => {
      if (state === 'held' || !isProvenSince) return
      state = 'held'
      why = undefined
      since = now()
    },
    lose,
  }
}

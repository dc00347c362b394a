import { setTimeout as sleep } from 'node:timers/promises'
import type { Logger } from 'pino'
import {
  asStorageError,
  type DeletedThing,
  type Reader,
  type VolumeGroups,
} from '../../volumegroups/index.ts'
import type { VolumeGroupsService } from '../../volumegroups/service.ts'

export interface PurgerParts {
  readonly reader: Pick<Reader, 'deletedThings'>
  readonly groups: Pick<VolumeGroupsService, 'purgeOver'> & Pick<VolumeGroups, 'purgeDeleted' | 'capacity'>
  readonly log: Logger
  /** Whether what was deleted goes before its time while the pool is above its stop mark. */
  readonly whenFull: boolean
  readonly now?: () => Date
  /** How often it looks. Default 30 s. */
  readonly lookMs?: number
}

/** Disposing of it stops it. */
export interface Purger extends AsyncDisposable {
  /** Looks once, as it does by itself. */
  tick(): Promise<void>
}

const PAGE = 500
/** In one look; the rest waits for the next. */
const MAX_PURGED = 500
/** For one of them. */
const LIMIT_MS = 120_000

/**
 * Purges what was deleted and whose time is over, the longest over first. One that can not be purged is in nobody's
 * way, and is tried again at the next look.
 */
export function createPurger(parts: PurgerParts): Purger {
  const { reader, groups, log, whenFull, now = () => new Date(), lookMs = 30_000 } = parts
  const stop = new AbortController()
  const signal = () => AbortSignal.any([stop.signal, AbortSignal.timeout(LIMIT_MS)])
  const purge = async (one: DeletedThing, isEarly: boolean): Promise<void> => {
    const { kind, id, name, groupId, restorableUntil } = one
    const about = { kind, id, name, groupId, restorableUntil }
    try {
      await (isEarly ? groups.purgeDeleted : groups.purgeOver)(id, { signal: signal() })
      if (isEarly) log.warn(about, 'what was deleted was purged before its time, for space in the pool')
      else log.info(about, 'what was deleted was purged')
    } catch (error) {
      const { reason } = asStorageError(error)
      log.warn({ ...about, reason, err: error }, 'what was deleted was not purged')
    }
  }
  const isFull = async (): Promise<boolean> => {
    const { state } = await groups.capacity()
    return state === 'stopped' || state === 'paused'
  }
  const tick = async (): Promise<void> => {
    const all = (await deletedIn(reader)).toSorted(bySoonest)
    const over = all.filter(({ restorableUntil }) => restorableUntil <= now())
    for (const one of over.slice(0, MAX_PURGED)) await purge(one, false)
    if (!whenFull) return
    for (const one of all.slice(over.length, over.length + MAX_PURGED)) {
      if (stop.signal.aborted || !(await isFull())) return
      await purge(one, true)
    }
  }
  const run = async (): Promise<void> => {
    while (!stop.signal.aborted) {
      await tick().catch((err) => log.error({ err }, 'what was deleted could not be looked through'))
      await sleep(lookMs, undefined, { signal: stop.signal }).catch(() => {})
    }
  }
  const running = lookMs === Infinity ? undefined : run()
  return {
    tick,
    [Symbol.asyncDispose]: async () => {
      stop.abort()
      await running
    },
  }
}

/** A group is restorable as long as its disks are: of two that are over at once, the disk goes first. */
const bySoonest = (a: DeletedThing, b: DeletedThing): number =>
  a.restorableUntil.getTime() - b.restorableUntil.getTime() || (a.kind < b.kind ? -1 : 1)

async function deletedIn(reader: PurgerParts['reader']): Promise<DeletedThing[]> {
  const all: DeletedThing[] = []
  for (;;) {
    const last = all.at(-1)
    const after = last && { atMs: last.deletedAt.getTime(), keys: [last.id] }
    const page = await reader.deletedThings({}, { after, limit: PAGE })
    all.push(...page)
    if (page.length < PAGE) return all
  }
}

import type { Logger } from 'pino'
import {
  asStorageError,
  type PoolState,
  type Reader,
  type Store,
  type VolumeGroup,
  type VolumeGroupId,
  type VolumeGroups,
} from '../../volumegroups/index.ts'
import { type EarlyPoint, earlyPoints } from '../../volumegroups/policies/early.ts'
import { effectivePolicies, policyBook } from '../../volumegroups/policies/effective.ts'
import type { VolumeGroupsService } from '../../volumegroups/service.ts'
import { pointsOf, toRetained } from './reaper.ts'

export interface PoolReliefParts {
  readonly reader: Reader
  readonly groups: Pick<VolumeGroupsService, 'lookAtPool'> & Pick<VolumeGroups, 'deleteRecoveryPoint'>
  readonly store: Pick<Store, 'reclaim'>
  readonly log: Logger
  readonly now: () => Date
  /** How long it rests when nothing could be freed. Default 2 s. */
  readonly restMs?: number
}

/** Frees space where policies allow it. Never throws. */
export interface PoolRelief {
  /** Does nothing below the stop mark, or when it tried a moment ago. */
  relieve(state: PoolState, signal: AbortSignal): Promise<void>
}

const REST_MS = 2_000
/** For one deletion. */
const LIMIT_MS = 120_000
/** A point that could not be deleted is left alone for so long. */
const LEAVE_ALONE_MS = 60_000

/**
 * While the pool is above its stop mark, the oldest points that may go before their time are deleted, one after
 * another over all groups, until it is not.
 */
export function createPoolRelief(parts: PoolReliefParts): PoolRelief {
  const { groups, store, log, now, restMs = REST_MS } = parts
  const leftAlone = new Map<string, number>()
  let restedUntilMs = 0
  const deleteEarly = async ({ groupId, id, createdAt, policyId }: Candidate, state: string) => {
    const about = { groupId, recoveryPointId: id, createdAt, policyId }
    try {
      await groups.deleteRecoveryPoint(id, { signal: AbortSignal.timeout(LIMIT_MS) })
      log.warn(
        { ...about, pool: state },
        'a recovery point was expired before its time, for space in the pool',
      )
      await store.reclaim()
    } catch (error) {
      leftAlone.set(id, now().getTime() + LEAVE_ALONE_MS)
      const { reason } = asStorageError(error)
      log.warn({ ...about, reason, err: error }, 'a recovery point was not expired before its time')
    }
  }
  const candidates = async (): Promise<readonly Candidate[]> => {
    const nowMs = now().getTime()
    for (const [id, untilMs] of leftAlone) if (untilMs <= nowMs) leftAlone.delete(id)
    return (await candidatesIn(parts)).filter(({ id }) => !leftAlone.has(id))
  }
  const free = async (signal: AbortSignal): Promise<void> => {
    for (const candidate of await candidates()) {
      const { state } = await groups.lookAtPool()
      if (!isAboveStop(state) || signal.aborted) return
      await deleteEarly(candidate, state)
    }
  }
  return {
    relieve: async (state, signal) => {
      if (!isAboveStop(state) || performance.now() < restedUntilMs) return
      try {
        // What was deleted may count only much later, and initiators wait for it.
        if (state === 'paused') await store.reclaim()
        await free(signal)
      } catch (err) {
        log.warn({ err }, 'space in the pool could not be freed')
      }
      restedUntilMs = performance.now() + restMs
    },
  }
}

const isAboveStop = (state: PoolState): boolean => state === 'stopped' || state === 'paused'

type Candidate = EarlyPoint & { readonly groupId: VolumeGroupId }

/** The points of all groups that may go, oldest first. */
async function candidatesIn({ reader, now }: PoolReliefParts): Promise<readonly Candidate[]> {
  const book = policyBook(await reader.policySettings())
  const allowing = [...book.policies.values()].some((one) => one.kind === 'snapshot' && one.expireEarly)
  if (!allowing) return []
  const found: Candidate[] = []
  for (const group of await groupsOf(reader)) {
    const { policy } = effectivePolicies(group, book).snapshot
    if (!policy?.expireEarly) continue
    const points = (await pointsOf(reader, group.id)).map(toRetained)
    found.push(...earlyPoints(points, policy, now()).map((point) => ({ ...point, groupId: group.id })))
  }
  return found.sort((a, b) => a.createdAt.getTime() - b.createdAt.getTime())
}

const PAGE = 500

async function groupsOf(reader: Reader): Promise<VolumeGroup[]> {
  const groups: VolumeGroup[] = []
  for (;;) {
    const last = groups.at(-1)
    const after = last && { atMs: last.createdAt.getTime(), keys: [last.id] }
    const page = await reader.groups({}, { after, limit: PAGE })
    groups.push(...page)
    if (page.length < PAGE) return groups
  }
}

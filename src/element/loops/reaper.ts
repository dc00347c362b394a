import type { Logger } from 'pino'
import {
  asStorageError,
  type Reader,
  type RecoveryPoint,
  type VolumeGroupId,
  type VolumeGroups,
} from '../../volumegroups/index.ts'
import { effectivePolicies, policyBook, targetsOf } from '../../volumegroups/policies/effective.ts'
import { expiredPoints, type RetainedPoint } from '../../volumegroups/policies/retention.ts'
import type { VolumeGroupsService } from '../../volumegroups/service.ts'

/** What makes and deletes points. */
export type PointKeeper = Pick<VolumeGroupsService, 'createScheduledPoint'> &
  Pick<VolumeGroups, 'deleteRecoveryPoint'>

export interface ReaperParts {
  readonly reader: Reader
  readonly groups: PointKeeper
  readonly log: Logger
  readonly now: () => Date
  /** For one deletion. */
  readonly signal: () => AbortSignal
}

/** Deletes the points of a group whose time is over, by their own terms or by retention. Never throws. */
export interface Reaper {
  reap(group: VolumeGroupId): Promise<void>
}

const PAGE = 500
/** A group of which a point could not be deleted is left alone for so long. */
const PAUSE_MS = 60_000

export function createReaper({ reader, groups, log, now, signal }: ReaperParts): Reaper {
  const pausedUntilMs = new Map<VolumeGroupId, number>()
  const deleteOver = async (id: VolumeGroupId): Promise<void> => {
    const group = await reader.group(id)
    if (group === undefined) return
    const policies = effectivePolicies(group, policyBook(await reader.policySettings(targetsOf(group))))
    const points = (await pointsOf(reader, id)).map(toRetained)
    for (const point of expiredPoints(points, policies.snapshot.policy?.retention, now())) {
      await groups.deleteRecoveryPoint(point, { signal: signal() })
      log.info({ groupId: id, recoveryPointId: point }, 'a recovery point has expired')
    }
  }
  return {
    reap: async (id) => {
      const leftMs = (pausedUntilMs.get(id) ?? 0) - now().getTime()
      if (leftMs > 0 && leftMs <= PAUSE_MS) return // more is left only when the clock was set back
      pausedUntilMs.delete(id)
      try {
        await deleteOver(id)
      } catch (error) {
        pausedUntilMs.set(id, now().getTime() + PAUSE_MS)
        const { reason } = asStorageError(error)
        log.warn({ groupId: id, reason, err: error }, 'a recovery point that has expired was not deleted')
      }
    },
  }
}

export async function pointsOf(reader: Reader, groupId: VolumeGroupId): Promise<RecoveryPoint[]> {
  const points: RecoveryPoint[] = []
  for (;;) {
    const last = points.at(-1)
    const after = last && { atMs: last.createdAt.getTime(), keys: [last.id] }
    const page = await reader.recoveryPoints({ groupId }, { after, limit: PAGE })
    points.push(...page)
    if (page.length < PAGE) return points
  }
}

/** What stands on a point holds its lock: then its deletion is refused as busy, and comes later. */
export const toRetained = ({
  id,
  createdAt,
  reason,
  expiresAt,
  lockedUntil,
}: RecoveryPoint): RetainedPoint => ({
  ...{ id, createdAt, expiresAt, lockedUntil },
  scheduled: reason === 'schedule',
  pinned: false,
})

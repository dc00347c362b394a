import type { Definition } from '../../journal/index.ts'
import type { Reader, Transactor } from '../database.ts'
import { StorageError } from '../errors.ts'
import { type RecoveryPointId, recoveryPointIds } from '../ids.ts'
import { restoresManifest } from '../manifests.ts'
import type { Disk, ProjectPath, RecoveryPoint } from '../types.ts'
import { allDisksOf } from './createRecoveryPoint.ts'
import { exclusive, listed, nameLock, notFound, type Parts, refuseMissing, shared } from './parts.ts'
import { insideLocks } from './places.ts'

interface Request {
  readonly id: RecoveryPointId
  readonly keepAs: string
}

interface Intent {
  readonly id: RecoveryPointId
  readonly kept: RecoveryPoint
  readonly project: ProjectPath
}

/** Tells a retry from another request with the same name. */
const REVERTED_TO = 'reverted-to'

/** Gives a group's disks the content of a recovery point; what they held before becomes another one. */
export function revertGroup({
  store,
  manifests,
  now,
}: Parts): Definition<Transactor, Request, Intent, RecoveryPoint> {
  const keep = ({ kept: { id, groupId, disks } }: Intent) => {
    const diskIds = disks.map(({ diskId }) => diskId)
    return manifests.whileTrue(groupId, () => store.createRecoveryPoint(groupId, id, diskIds))
  }
  return {
    kind: 'revertGroup',
    plan: async (tx, { id, keepAs }) => {
      const { point, disks, project } = await findAll(tx, id)
      const known = await tx.recoveryPointNamed(project, keepAs)
      if (known?.labels[REVERTED_TO] === id) return { met: { result: known, subject: known.id } }
      if (known) throw taken(known)
      for (const disk of disks) refuseMissing('disk', disk)
      refuseAttached(disks)
      refuseStrangers(point, disks)
      return { intent: { id, project, kept: newPoint(point, disks, { name: keepAs, createdAt: now() }) } }
    },
    locks: ({ id, kept, project }) => [
      nameLock('recovery point', project, kept.name),
      ...insideLocks(project),
      exclusive(kept.groupId),
      shared(id),
      ...kept.disks.map(({ diskId }) => exclusive(diskId)),
    ],
    subject: ({ kept }) => kept.id,
    entities: ({ id, kept }) => [kept.id, id, kept.groupId, ...kept.disks.map(({ diskId }) => diskId)],
    steps: [
      {
        name: 'keep what is there',
        run: keep,
        undo: ({ kept }) => store.deleteRecoveryPoint(kept.groupId, kept.id),
      },
      {
        name: 'revert',
        run: ({ id, kept }) => store.revertGroup(kept.groupId, id, kept.id),
        undo: ({ kept }) => store.revertGroup(kept.groupId, kept.id, kept.id).catch(unlessNotKept),
      },
      restoresManifest(manifests, ({ kept }) => kept.groupId),
    ],
    seal: ({ kept }, commit) => manifests.seal(kept.groupId, commit),
    commit: async (tx, { kept }) => {
      await tx.insertRecoveryPoint(kept)
      await tx.touchGroup(kept.groupId)
      return kept
    },
    forward: [],
    supersedes: [],
  }
}

async function findAll(tx: Reader, id: RecoveryPointId) {
  const point = await tx.recoveryPoint(id)
  if (point === undefined) throw notFound({ kind: 'recoveryPoint', id })
  const { project } = (await tx.group(point.groupId)) ?? { project: '/' }
  return { point, project, disks: await allDisksOf(tx, point.groupId) }
}

function refuseAttached(disks: readonly Disk[]): void {
  const held = disks.filter(({ attachedTo }) => attachedTo.length > 0)
  if (held.length === 0) return
  const holders = held.map(({ id, attachedTo }) => `${id} to ${attachedTo.join(' and ')}`)
  throw new StorageError('DISK_ATTACHED', `disks of the group are attached: ${listed(holders)}; detach them`)
}

function refuseStrangers(point: RecoveryPoint, disks: readonly Disk[]): void {
  if (disks.some(({ id }) => point.disks.some(({ diskId }) => diskId === id))) return
  const message = `no disk of recovery point ${point.id} is in its group any more; restore it to a new group`
  throw new StorageError('DISK_NOT_FOUND', message, { entity: { kind: 'recoveryPoint', id: point.id } })
}

const newPoint = (
  { id, groupId }: RecoveryPoint,
  disks: readonly Disk[],
  more: { name: string; createdAt: Date },
): RecoveryPoint => ({
  id: recoveryPointIds.create(),
  groupId,
  ...more,
  grouped: true,
  reason: 'user',
  disks: disks.map((disk) => ({ diskId: disk.id, sizeBytes: disk.sizeBytes })),
  expiresAt: undefined,
  lockedUntil: undefined,
  labels: { [REVERTED_TO]: id },
  generation: 1,
})

const taken = ({ id, name }: RecoveryPoint): StorageError =>
  new StorageError('NAME_TAKEN', `recovery point ${name} exists, and is not what this revert has kept`, {
    entity: { kind: 'recoveryPoint', id },
  })

/** Nothing is reverted before what was there is kept. */
const unlessNotKept = (error: unknown): void => {
  if (!(error instanceof StorageError && error.reason === 'RECOVERY_POINT_NOT_FOUND')) throw error
}

import type { Definition } from '../../journal/index.ts'
import type { Reader, Transactor } from '../database.ts'
import { StorageError, Violations } from '../errors.ts'
import { recoveryPointIds, type VolumeGroupId } from '../ids.ts'
import { MAX_LUN } from '../limits.ts'
import { restoresManifest } from '../manifests.ts'
import type { GroupPointSpec, RecoveryPointSpec } from '../ports.ts'
import { checkSamePoint } from '../rules/same.ts'
import type { Disk, ProjectPath, RecoveryPoint } from '../types.ts'
import { nameLock, notFound, type Parts, refuseMissing, shared } from './parts.ts'
import { insideLocks } from './places.ts'

interface Intent {
  readonly point: RecoveryPoint
  readonly project: ProjectPath
}

type Request = RecoveryPointSpec | GroupPointSpec | ScheduledPointSpec

/** Only the scheduler asks for one: retention applies to it. */
export type ScheduledPointSpec = Omit<GroupPointSpec, 'reason'> & { readonly reason: 'schedule' }

/** Takes one instant of disks of one group, or of all that it has. */
export function createRecoveryPoint(parts: Parts): Definition<Transactor, Request, Intent, RecoveryPoint> {
  const { store, manifests } = parts
  return {
    kind: 'createRecoveryPoint',
    plan: async (tx, spec) => {
      const disks = 'groupId' in spec ? await groupDisksOf(tx, spec) : await disksOf(tx, spec)
      const { groupId } = disks[0] as Disk
      const { project } = (await tx.group(groupId)) ?? { project: '/' }
      const known = await tx.recoveryPointNamed(project, spec.name)
      if (known) {
        checkSamePoint(known, spec)
        return { met: { result: known, subject: known.id } }
      }
      if (disks.some((disk) => disk.groupId !== groupId)) throw apart(disks)
      return { intent: { project, point: newPoint(spec, disks, parts.now()) } }
    },
    locks: ({ point, project }) => [
      nameLock('recovery point', project, point.name),
      ...insideLocks(project),
      shared(point.groupId),
      ...point.disks.map(({ diskId }) => shared(diskId)),
    ],
    subject: ({ point }) => point.id,
    entities: ({ point }) => [point.id, point.groupId, ...point.disks.map(({ diskId }) => diskId)],
    steps: [
      {
        name: 'create recovery point',
        // It holds the manifest as well: never one that another operation has written and not yet committed.
        run: ({ point: { id, groupId, disks } }) => {
          const diskIds = disks.map(({ diskId }) => diskId)
          return manifests.whileTrue(groupId, () => store.createRecoveryPoint(groupId, id, diskIds))
        },
        undo: ({ point: { id, groupId } }) => store.deleteRecoveryPoint(groupId, id),
      },
      restoresManifest(manifests, ({ point }) => point.groupId),
    ],
    seal: ({ point }, commit) => manifests.seal(point.groupId, commit),
    commit: async (tx, { point }) => {
      await tx.insertRecoveryPoint(point)
      await tx.touchGroup(point.groupId)
      return point
    },
    forward: [],
    supersedes: [],
  }
}

/** Of which a schedule takes those that are there: one whose data are missing leaves the others protected. */
async function groupDisksOf(
  tx: Reader,
  { groupId, reason }: GroupPointSpec | ScheduledPointSpec,
): Promise<readonly Disk[]> {
  const disks = await allDisksOf(tx, groupId)
  const present = disks.filter(({ dataMissingSince }) => dataMissingSince === undefined)
  if (reason === 'schedule' && present.length > 0) return present
  for (const disk of disks) refuseMissing('disk', disk)
  return disks
}

/** However many there are: in the same transaction, so that none is missed. */
export async function allDisksOf(tx: Reader, groupId: VolumeGroupId): Promise<readonly Disk[]> {
  const entity = { kind: 'volumeGroup', id: groupId } as const
  if ((await tx.group(groupId)) === undefined) throw notFound(entity)
  const disks = await tx.disks({ groupId }, { after: undefined, limit: MAX_LUN })
  if (disks.length > 0) return disks
  throw new StorageError('VOLUME_GROUP_EMPTY', `volume group ${groupId} has no disks`, { entity })
}

async function disksOf(tx: Reader, { diskIds }: RecoveryPointSpec): Promise<readonly Disk[]> {
  const faults = new Violations()
  const disks: Disk[] = []
  for (const [index, id] of diskIds.entries()) {
    const disk = await tx.disk(id)
    if (disk) {
      refuseMissing('disk', disk)
      disks.push(disk)
    } else faults.add(`diskIds[${index}]`, 'DISK_NOT_FOUND', `there is no disk ${id}`)
  }
  faults.throwIfAny()
  return disks
}

function newPoint(spec: Request, disks: readonly Disk[], at: Date): RecoveryPoint {
  const { name, reason = 'user', expiresAt, lockedUntil, labels = {} } = spec
  return {
    id: recoveryPointIds.create(),
    groupId: (disks[0] as Disk).groupId,
    ...{ name, reason, expiresAt, lockedUntil, labels },
    grouped: 'groupId' in spec || spec.grouped,
    disks: disks.map(({ id, sizeBytes }) => ({ diskId: id, sizeBytes })),
    generation: 1,
    createdAt: at,
  }
}

const apart = (disks: readonly Disk[]): StorageError => {
  const places = disks.map(({ id, groupId }) => `${id} in ${groupId}`)
  return new StorageError(
    'DISKS_NOT_TOGETHER',
    `the disks are in several volume groups: ${places.join(', ')}`,
  )
}

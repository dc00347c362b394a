import type { Definition } from '../../journal/index.ts'
import type { Reader, Transactor } from '../database.ts'
import { StorageError, Violations } from '../errors.ts'
import { recoveryPointIds } from '../ids.ts'
import { restoresManifest } from '../manifests.ts'
import type { RecoveryPointSpec } from '../ports.ts'
import { checkSamePoint } from '../rules/same.ts'
import type { Disk, ProjectPath, RecoveryPoint } from '../types.ts'
import { nameLock, type Parts, shared } from './parts.ts'

interface Intent {
  readonly point: RecoveryPoint
  readonly project: ProjectPath
}

/** Takes one instant of disks of one group. */
export function createRecoveryPoint(
  parts: Parts,
): Definition<Transactor, RecoveryPointSpec, Intent, RecoveryPoint> {
  const { store, manifests } = parts
  return {
    kind: 'createRecoveryPoint',
    plan: async (tx, spec) => {
      const disks = await disksOf(tx, spec)
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

async function disksOf(tx: Reader, { diskIds }: RecoveryPointSpec): Promise<readonly Disk[]> {
  const faults = new Violations()
  const disks: Disk[] = []
  for (const [index, id] of diskIds.entries()) {
    const disk = await tx.disk(id)
    if (disk) disks.push(disk)
    else faults.add(`diskIds[${index}]`, 'DISK_NOT_FOUND', `there is no disk ${id}`)
  }
  faults.throwIfAny()
  return disks
}

function newPoint({ name, grouped }: RecoveryPointSpec, disks: readonly Disk[], at: Date): RecoveryPoint {
  return {
    id: recoveryPointIds.create(),
    groupId: (disks[0] as Disk).groupId,
    ...{ name, grouped },
    disks: disks.map(({ id, sizeBytes }) => ({ diskId: id, sizeBytes })),
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

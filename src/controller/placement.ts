import type { TopologyRequirement } from '../csi/messages.ts'
import { reaches } from '../csi/topology.ts'
import { parseVolumeContext } from '../csi/volume-context.ts'
import {
  type CallOptions,
  type DiskSpec,
  type ElementStatus,
  StorageError,
  type VolumeGroups,
} from '../volumegroups/index.ts'

/** `requisite` is a demand; `preferred` alone is not, since CSI lets a plugin fall back elsewhere. */
export function refuseUnreachable(requirement: TopologyRequirement | null, element: ElementStatus): void {
  const requisite = requirement?.requisite ?? []
  if (requisite.length === 0 || requisite.some((topology) => reaches(topology, element))) return
  const demanded = requisite.map(({ segments }) => JSON.stringify(segments)).join(', ')
  throw new StorageError(
    'TOPOLOGY_UNREACHABLE',
    `element ${element.name} serves the site ${element.site}, and the volume must be reachable from ${demanded}`,
  )
}

/** A copy has the file system of its source: asking for another one would only fail on the node, later. */
export async function refuseOtherFileSystem(
  spec: DiskSpec,
  groups: Pick<VolumeGroups, 'getDisk'>,
  call: CallOptions,
): Promise<void> {
  const wanted = parseVolumeContext(spec.attributes).fileSystem
  if (spec.source === undefined || wanted === undefined) return
  const origin = await groups.getDisk(spec.source.diskId, call).catch(undefinedIfGone)
  const found = parseVolumeContext(origin?.attributes ?? {}).fileSystem
  if (found === undefined || found === wanted) return
  throw new StorageError(
    'INVALID_ARGUMENT',
    `the source volume ${spec.source.diskId} has the file system ${found}, and ${wanted} is asked for`,
  )
}

/** CSI's names are unique in the whole plugin, and a disk's within its project: the same name elsewhere is refused. */
export async function refuseNamesake(
  spec: DiskSpec,
  groups: Pick<VolumeGroups, 'listDisks' | 'getGroup'>,
  call: CallOptions,
): Promise<void> {
  const { items } = await groups.listDisks({ name: spec.name }, call)
  for (const disk of items) {
    const group = await groups.getGroup(disk.groupId, call).catch(undefinedIfGone)
    if (group === undefined || group.project === spec.project) continue
    const message = `a volume of this name is in the project ${group.project}, and ${spec.project} is asked for`
    throw new StorageError('NAME_TAKEN', message, { entity: { kind: 'disk', id: disk.id } })
  }
}

/** For what is only looked at beside the call: a missing source disk, for one, is for createDisk to refuse. */
function undefinedIfGone(error: unknown): undefined {
  if (error instanceof StorageError && error.kind === 'not_found') return undefined
  throw error
}

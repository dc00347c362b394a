import type { VolumeHealth, VolumeHealthVolumeHealthEntry } from '../csi/messages.ts'
import {
  type CallOptions,
  type DiskId,
  MAX_LISTED,
  type Operation,
  type VolumeGroups,
} from '../volumegroups/index.ts'

/** What is wrong with a volume, from where the control plane stands; empty when nothing is known to be. */
export type HealthOf = (id: DiskId) => VolumeHealth

/**
 * What the element knows to be wrong with its disks: an operation that could be neither finished nor undone, and is
 * looked at again when the element starts. How nodes reach a disk, the nodes say.
 */
export async function readHealth(
  groups: Pick<VolumeGroups, 'listOperations'>,
  call: CallOptions,
): Promise<HealthOf> {
  const faulted = await faultedOperations(groups, call)
  return (volumeId) => {
    const own = faulted.filter(({ entities }) => entities.includes(volumeId))
    return { volumeId, healthStatuses: own.length === 0 ? [] : [entryOf(own)] }
  }
}

async function faultedOperations(
  groups: Pick<VolumeGroups, 'listOperations'>,
  call: CallOptions,
): Promise<readonly Operation[]> {
  const found: Operation[] = []
  let token: string | undefined
  do {
    const page = await groups.listOperations({ state: 'faulted', token }, call)
    found.push(...page.items)
    token = page.nextToken
  } while (token !== undefined)
  return found
}

/** One entry for all: CSI wants each pair of status and reason once. */
function entryOf(operations: readonly Operation[]): VolumeHealthVolumeHealthEntry {
  const listed = operations.slice(0, MAX_LISTED).map(({ id, kind, step, error }) => {
    const where = step === undefined ? '' : ` at step ${step}`
    return `${kind} ${id} faulted${where}: ${error?.reason ?? 'for an unknown reason'}`
  })
  const rest = operations.length - listed.length
  const message = [...listed, ...(rest > 0 ? [`and ${rest} more`] : [])].join('; ')
  return { status: 'DEGRADED', reason: 'OperationFaulted', message }
}

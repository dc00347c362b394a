import { join } from 'node:path'
import { openDatabase } from '../../src/database/open.ts'
import { createBtrfsStore } from '../../src/host/stores/btrfs/store.ts'
import { callTgtd } from '../../src/host/targets/tgt/ipc.ts'
import { showTargets } from '../../src/host/targets/tgt/requests.ts'
import { parseTargets } from '../../src/host/targets/tgt/show.ts'
import { encodeExactly } from '../../src/lib/exact-json.ts'
import type { Reader } from '../../src/volumegroups/database.ts'
import type { StoredGroup, VolumeGroupId } from '../../src/volumegroups/index.ts'
import type { Deployment } from '../support/deployment.ts'

/** Where database, store, manifests and target of an idle element disagree, one line each; none when all is well. */
export async function disagreements(deployment: Deployment): Promise<readonly string[]> {
  await using database = await openDatabase(join(deployment.folder, 'element/element.db'))
  const { reader } = database
  return [
    ...(await openOperations(reader)),
    ...(await groupFaults(reader, deployment)),
    ...(await exportFaults(reader, deployment)),
  ]
}

const everything = { after: undefined, limit: 10_000 }

async function openOperations(reader: Reader): Promise<string[]> {
  const faults = []
  for (const state of ['running', 'undoing', 'faulted'] as const) {
    for (const { id, kind, step } of await reader.operations({ state }, everything)) {
      faults.push(`${kind} ${id} is ${state} at ${step}`)
    }
  }
  return faults
}

async function groupFaults(reader: Reader, { poolPath }: Deployment): Promise<string[]> {
  const store = createBtrfsStore({ poolPath })
  const stored = await store.inventory()
  const gone = await reader.deletedThings({ kind: 'volumeGroup' }, everything)
  const known = [...(await reader.groups({}, everything)), ...gone]
  const faults = compareSets(
    'group',
    known.map(({ id }) => id),
    stored.map(({ id }) => id),
  )
  for (const group of stored) {
    faults.push(...(await contentFaults(reader, group)))
    const manifest = await store.readManifest(group.id)
    if (encodeExactly(manifest) !== encodeExactly(await reader.manifest(group.id))) {
      faults.push(`${group.id}: the manifest is not what the database says`)
    }
  }
  return faults
}

async function contentFaults(reader: Reader, { id, disks, recoveryPoints }: StoredGroup): Promise<string[]> {
  const groupId: VolumeGroupId = id
  const gone = await reader.deletedThings({ groupId, kind: 'disk' }, everything)
  const known = [...(await reader.disks({ groupId }, everything)), ...gone]
  const points = await reader.recoveryPoints({ groupId }, everything)
  // A growth that failed leaves a file larger than it has to be.
  const sizes = new Map<string, bigint>(disks.map((disk) => [disk.id, disk.sizeBytes]))
  const describe = (disk: { readonly id: string; readonly sizeBytes?: bigint | undefined }): string =>
    (sizes.get(disk.id) ?? 0n) < (disk.sizeBytes ?? 0n) ? `${disk.id} of ${disk.sizeBytes} bytes` : disk.id
  return [
    ...compareSets('disk', known.map(describe), disks.map(describe)),
    ...compareSets(
      'recovery point',
      points.map((point) => point.id),
      recoveryPoints,
    ),
  ]
}

async function exportFaults(reader: Reader, { targetSocket }: Deployment): Promise<string[]> {
  const shown = parseTargets(await callTgtd(targetSocket, showTargets)).flatMap(({ name, luns }) =>
    luns.map(({ lun }) => `${name} ${lun}`),
  )
  const closing = await halfRevoked(reader)
  const granted = (await reader.grants())
    .map(({ disk, attachment: { targetName, lun } }) => ({ disk, lun: `${targetName} ${lun}` }))
    .filter(({ disk, lun }) => shown.includes(lun) || !closing.has(disk.id))
  return compareSets(
    'LUN',
    granted.map(({ lun }) => lun),
    shown,
  )
}

/** The disks of which the last thing known is a revoke that failed: it may have closed the door, and opens none. */
async function halfRevoked(reader: Reader): Promise<ReadonlySet<string>> {
  const last = new Map<string | undefined, boolean>()
  for (const { kind, state, entities } of await reader.operations({}, everything)) {
    if (RIGHTS.includes(kind)) last.set(entities[0], kind === 'revoke' && state === 'failed')
  }
  return new Set([...last].flatMap(([disk, isHalf]) => (isHalf && disk !== undefined ? [disk] : [])))
}

const RIGHTS = ['grant', 'takeOver', 'revoke', 'evict']

function compareSets(what: string, inDatabase: readonly string[], outside: readonly string[]): string[] {
  const missing = inDatabase.filter((one) => !outside.includes(one))
  const unknown = outside.filter((one) => !inDatabase.includes(one))
  return [
    ...missing.map((one) => `${what} ${one} is only in the database`),
    ...unknown.map((one) => `${what} ${one} is not in the database`),
  ]
}

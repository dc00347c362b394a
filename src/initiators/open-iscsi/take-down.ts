import { run } from '../../host/exec.ts'
import type { AttachmentRecord } from './attachment-records.ts'
import {
  assertDiskIdle,
  type Disk,
  diskOf,
  mismatch,
  type Parts,
  type Path,
  pathsOf,
  rightPaths,
  sessionsOf,
  unreachable,
  upPaths,
  wrongIdentity,
} from './paths.ts'

const SYNC_TIMEOUT_MS = 60_000
const PROBE_TIMEOUT_MS = 5000

/** Flushes the disk and takes its devices away, from whatever state they are in; refuses what is another disk. */
export async function takeDown(parts: Parts, record: AttachmentRecord): Promise<void> {
  const paths = await pathsToRemove(parts, record)
  const disk = await diskOf(parts, paths)
  if (disk !== undefined) {
    await assertDiskIdle(parts, disk.name)
    if (record.lost === undefined && !record.readOnly) await flush(parts, record, disk)
  }
  await takeAway(parts, record, paths)
}

/** Takes away what an attach has made of this very disk. */
export async function undoBringUp(parts: Parts, record: AttachmentRecord): Promise<void> {
  const paths = await rightPaths(parts, await pathsOf(parts, record), record)
  await takeAway(parts, record, paths)
}

/** Takes the devices away from under their users, who get errors. Also one that is another disk now: it was ours. */
export async function cutOff(parts: Parts, record: AttachmentRecord): Promise<void> {
  const paths = await pathsOf(parts, record)
  const disk = await diskOf(parts, paths)
  if (disk?.map !== undefined) await parts.multipath.fail(disk.map) // in use, it stays until its users are gone
  await removePaths(parts, record, paths)
}

/** A path to something else is never taken for the disk's; for a lost disk it is left alone. */
async function pathsToRemove(parts: Parts, record: AttachmentRecord): Promise<readonly Path[]> {
  const paths = await pathsOf(parts, record)
  if (record.lost !== undefined) return rightPaths(parts, paths, record)
  for (const path of paths) {
    const wrong = await wrongIdentity(parts, path, record)
    if (wrong !== undefined) throw mismatch(record, wrong)
  }
  return paths
}

async function flush(parts: Parts, record: AttachmentRecord, { name }: Disk): Promise<void> {
  if ((await upPaths(parts, record, 'one')).length === 0) {
    throw unreachable(record, 'what was written to it can not be flushed')
  }
  const path = parts.kernel.pathOf(name)
  try {
    await run({ file: 'sync', args: [path] }, { timeoutMs: SYNC_TIMEOUT_MS })
  } catch (error) {
    if (await isReadable(path)) throw error
    // A LUN that is neither flushed nor read is the node's no more: there is nothing to flush to.
  }
}

/** The map, then its paths, then the sessions that nothing else uses. */
async function takeAway(parts: Parts, record: AttachmentRecord, paths: readonly Path[]): Promise<void> {
  await parts.multipath.remove(record)
  await removePaths(parts, record, paths)
  await parts.multipath.remove(record)
}

async function removePaths(parts: Parts, record: AttachmentRecord, paths: readonly Path[]): Promise<void> {
  for (const { device } of paths) await parts.kernel.remove(device)
  await endIdleSessions(parts, record)
}

/** Ends those of the disk's sessions that have no device left, unless another disk needs them. */
async function endIdleSessions(parts: Parts, record: AttachmentRecord): Promise<void> {
  const { kernel, iscsi, records } = parts
  const isShared = (await records.list()).some(
    ({ diskId, targetName, lost }) =>
      diskId !== record.diskId && targetName === record.targetName && lost === undefined,
  )
  if (isShared) return
  for (const session of await sessionsOf(iscsi, record)) {
    if ((await kernel.devices(session)).length === 0) await iscsi.logout(session)
  }
}

/** Whether a block can be read from the disk itself. */
async function isReadable(path: string): Promise<boolean> {
  const args = [`if=${path}`, 'of=/dev/null', 'bs=4096', 'count=1', 'iflag=direct']
  return run({ file: 'dd', args }, { timeoutMs: PROBE_TIMEOUT_MS }).then(
    () => true,
    () => false,
  )
}

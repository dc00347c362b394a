import { readdir, rename } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { StoredThing } from '../../../volumegroups/index.ts'
import { run } from '../../exec.ts'
import { deleteSubvolume, snapshotReadOnly } from './commands.ts'
import { cloneFile } from './disks.ts'
import { ensureDirectory, fileAt, isDirectory, isSubvolume, removeFile, syncDirectory } from './files.ts'
import { diskFile, layoutOf, quarantineDirectory } from './layout.ts'

/** Moves it to `<pool>/quarantine`. After a crash in between it can be there twice, but never not at all. */
export async function quarantine(poolPath: string, thing: StoredThing): Promise<void> {
  const directory = quarantineDirectory(poolPath)
  await ensureDirectory(directory)
  await MOVES[thing.kind](poolPath, thing as never, directory)
  await syncDirectory(directory)
}

type Move<Kind> = (
  poolPath: string,
  thing: Extract<StoredThing, { kind: Kind }>,
  directory: string,
) => Promise<void>

const MOVES: { readonly [Kind in StoredThing['kind']]: Move<Kind> } = {
  volumeGroup: async (poolPath, { groupId }, directory) => {
    const path = layoutOf(poolPath, groupId).directory
    if (!(await isDirectory(path))) return
    await rename(path, await freePath(directory, groupId))
    await syncDirectory(dirname(path))
  },
  // A file can not be renamed from one subvolume to another, but it can share its blocks.
  disk: async (poolPath, { groupId, diskId }, directory) => {
    const path = layoutOf(poolPath, groupId).disk(diskId)
    if (!(await fileAt(path))) return
    const kept = await freePath(directory, diskFile(diskId))
    await cloneFile(path, kept)
    await syncDirectory(kept)
    await syncDirectory(directory)
    await removeFile(path)
    await syncDirectory(dirname(path))
  },
  // A read-only directory can not be given another parent.
  recoveryPoint: async (poolPath, { groupId, recoveryPointId }, directory) => {
    const path = layoutOf(poolPath, groupId).point(recoveryPointId)
    if (!(await isSubvolume(path))) return
    await run(snapshotReadOnly(path, await freePath(directory, recoveryPointId)))
    await run(deleteSubvolume(path))
    await syncDirectory(dirname(path))
  },
}

async function freePath(directory: string, name: string): Promise<string> {
  const taken = new Set(await readdir(directory))
  let free = name
  for (let count = 2; taken.has(free); count++) free = `${name}.${count}`
  return join(directory, free)
}

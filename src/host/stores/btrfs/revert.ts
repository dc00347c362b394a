import { copyFile, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { RecoveryPointId } from '../../../volumegroups/index.ts'
import { run } from '../../exec.ts'
import { refusals } from '../refusals.ts'
import { snapshotWritable, syncFilesystem } from './commands.ts'
import { cloneFile, setSize } from './disks.ts'
import { fileAt, isSubvolume, refuseForeignFiles, removeFile, removeSubvolume } from './files.ts'
import { diskOf, type GroupLayout, MANIFEST, staged } from './layout.ts'
import { createRecoveryPoint } from './recovery-points.ts'
import { switchActive } from './switch.ts'

/**
 * The point's disks get their content of then by a snapshot of the point, made ready beside the active subvolume and
 * put in its place in the end. Until then nothing has changed; done again, it comes to the same.
 */
export async function revertGroup(
  group: GroupLayout,
  point: RecoveryPointId,
  keepAs: RecoveryPointId,
): Promise<void> {
  if (!(await isSubvolume(group.point(point)))) throw refusals.noRecoveryPoint(point)
  await refuseForeignFiles(group.active)
  const names = (await readdir(group.active)).filter((name) => diskOf(name) !== undefined)
  const ids = names.flatMap((name) => diskOf(name) ?? [])
  if (!(await isSubvolume(group.point(keepAs)))) await createRecoveryPoint(group, keepAs, ids)
  await removeSubvolume(staged(group.active))
  await run(snapshotWritable(group.point(point), staged(group.active)))
  const kept = await readdir(group.point(keepAs))
  await takeOver(group.active, staged(group.active), { disks: names, kept })
  await run(syncFilesystem(group.directory))
  await switchActive(group)
}

/** What the point does not decide stays as it is: which disks there are, their sizes, those not kept, the manifest. */
async function takeOver(
  active: string,
  next: string,
  { disks, kept }: { readonly disks: readonly string[]; readonly kept: readonly string[] },
): Promise<void> {
  for (const name of await readdir(next))
    if (!disks.includes(name) || !kept.includes(name)) await removeFile(join(next, name))
  for (const name of disks) {
    const [present, path] = [await fileAt(join(active, name)), join(next, name)]
    const then = await fileAt(path)
    if (then === undefined) await cloneFile(join(active, name), path)
    else if (present && then.size < present.size) await setSize(path, present.size)
  }
  if (await fileAt(join(active, MANIFEST))) await copyFile(join(active, MANIFEST), join(next, MANIFEST))
}

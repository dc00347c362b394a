import { rename } from 'node:fs/promises'
import { isSubvolume, removeSubvolume, syncDirectory } from './files.ts'
import { type GroupLayout, staged } from './layout.ts'

/** Puts the staged active subvolume in the place of the present one, which goes away. */
export async function switchActive(group: GroupLayout): Promise<void> {
  await removeSubvolume(group.previous)
  await rename(group.active, group.previous)
  await finishSwitch(group)
  await removeSubvolume(group.previous)
}

/**
 * No program here can exchange two directories in one step. Where both others are there and the active subvolume is
 * not, a switch was interrupted, and the staged one is whole.
 */
export async function finishSwitch(group: GroupLayout): Promise<void> {
  const { active, previous } = group
  if (await isSubvolume(active)) return
  if (!(await isSubvolume(previous)) || !(await isSubvolume(staged(active)))) return
  await rename(staged(active), active).catch(async (error) => {
    if (!(await isSubvolume(active))) throw error // another call was faster
  })
  await syncDirectory(group.directory)
}

import type { Step } from '../../journal/index.ts'
import type { Reader, Transactor } from '../database.ts'
import { exportOf } from '../exports.ts'
import type { InitiatorId } from '../ids.ts'
import type { Attachment, Disk } from '../types.ts'
import { newCredentials } from './credentials.ts'
import { notFound, type Parts } from './parts.ts'

/** What keeps an initiator from a disk that it may still use, and from coming back as though it had never lost it. */

type Place = Pick<Attachment, 'targetName' | 'lun'>

/** When it returns, no further I/O of the initiator can reach the disk. */
export async function fence({ target, fencing }: Parts, { targetName, lun }: Place): Promise<void> {
  if (fencing === 'protect-first') await target.protect(targetName, lun)
  await target.revoke(targetName, lun)
}

/** Makes the target serve the disk to the initiator. The secrets are read when they are needed: an intent is kept. */
export async function serve(
  { database, store, target, admission }: Parts,
  disk: Omit<Disk, 'attachedTo'>,
  { initiatorId: id, readOnly }: Pick<Attachment, 'initiatorId' | 'readOnly'>,
): Promise<void> {
  await admission.run(id, async () => {
    const initiator = await database.reader.initiator(id)
    if (initiator === undefined) throw notFound({ kind: 'initiator', id })
    await target.grant(exportOf(store, { disk, initiator, readOnly }))
  })
}

/**
 * An initiator that lost a disk in its silence may not know it. Until it is heard of again it gets new credentials,
 * and its sessions end: if the disk is ever granted to it again, nothing that was under way before comes with it.
 */
export async function lockOut(tx: Transactor, { leases, newSecret }: Parts, id: InitiatorId): Promise<void> {
  if (leases.isShutOut(id) || (await tx.initiator(id)) === undefined) return
  await tx.renewCredentials(id, newCredentials(id, newSecret))
}

export const endSessions = <Intent>(
  { database, target, admission, leases }: Parts,
  silent: (intent: Intent) => readonly InitiatorId[],
): Step<Intent> => ({
  name: 'end sessions',
  run: async (intent) => {
    for (const id of silent(intent)) {
      if (leases.isShutOut(id)) continue
      await admission.run(id, async () => {
        const initiator = await database.reader.initiator(id)
        for (const name of await targetsOf(database.reader, id))
          await target.disconnect(name, initiator?.chap)
      })
      leases.markShutOut(id)
    }
  },
})

async function targetsOf(reader: Reader, initiatorId: InitiatorId): Promise<ReadonlySet<string>> {
  const limit = await reader.countAttachments(initiatorId)
  const held = await reader.attachments({ initiatorId }, { after: undefined, limit })
  return new Set(held.map(({ targetName }) => targetName))
}

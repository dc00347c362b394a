import { StorageError } from '../errors.ts'
import type { GrantSpec } from '../ports.ts'
import type { Attachment } from '../types.ts'

/**
 * Who may hold a disk: one initiator alone, or several that all agreed to share it. Gives back the attachment if
 * the initiator holds the disk in just this way already.
 */
export function checkAccess(spec: GrantSpec, attachments: readonly Attachment[]): Attachment | undefined {
  const { diskId, initiatorId } = spec
  const entity = { kind: 'disk', id: diskId } as const
  const own = attachments.find((attachment) => attachment.initiatorId === initiatorId)
  if (own?.readOnly === spec.readOnly && own.shared === spec.shared) return own
  if (own) {
    const rights = `${described(own)}; asked for is ${described(spec)}`
    const message = `disk ${diskId} is attached to ${initiatorId} already, ${rights}`
    throw new StorageError('ATTACHED_DIFFERENTLY', message, { entity })
  }
  const holder = attachments.find((attachment) => !(attachment.shared && spec.shared))
  if (holder === undefined) return undefined
  const held = `attached to ${holder.initiatorId}, ${described(holder)}`
  const message = `disk ${diskId} is ${held}; detach it there first`
  throw new StorageError('DISK_ATTACHED', message, { entity })
}

const described = ({ readOnly, shared }: Pick<GrantSpec, 'readOnly' | 'shared'>): string =>
  `${shared ? 'shared' : 'exclusive'} and ${readOnly ? 'read-only' : 'writable'}`

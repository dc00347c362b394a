import { StorageError } from '../errors.ts'
import type { InitiatorId } from '../ids.ts'
import type { Standing } from '../lease-book.ts'
import type { GrantSpec } from '../ports.ts'
import type { Attachment } from '../types.ts'

/** Who holds a disk, and how. */
export interface Holder {
  readonly attachment: Attachment
  /** The initiator, as the caller may know it. */
  readonly name: InitiatorId
  readonly lease: Standing
}

/** `known`: the initiator holds the disk in just this way already. `former`: who held it, and has to be fenced. */
export type Access =
  | { readonly known: Attachment; readonly former?: never }
  | { readonly known?: never; readonly former: Attachment | undefined }

/**
 * Who may hold a disk: one initiator alone, or several that all agreed to share it. One that held it alone and whose
 * lease is over gives way.
 */
export function checkAccess(spec: GrantSpec, holders: readonly Holder[]): Access {
  const { diskId, initiatorId } = spec
  const entity = { kind: 'disk', id: diskId } as const
  const own = holders.find(({ name }) => name === initiatorId)?.attachment
  if (own?.readOnly === spec.readOnly && own.shared === spec.shared) return { known: own }
  if (own) {
    const rights = `${described(own)}; asked for is ${described(spec)}`
    const message = `disk ${diskId} is attached to ${initiatorId} already, ${rights}`
    throw new StorageError('ATTACHED_DIFFERENTLY', message, { entity })
  }
  const holder = holders.find(({ attachment }) => !(attachment.shared && spec.shared))
  if (holder === undefined) return { former: undefined }
  if (isOver(holder)) return { former: holder.attachment }
  const { attachment, name, lease } = holder
  const held = `attached to ${name}, ${described(attachment)} (${lease.told})`
  throw new StorageError('DISK_ATTACHED', `disk ${diskId} is ${held}; detach it there first`, {
    entity,
    fix: 'Detach the disk there, or ask again when the lease of its holder is over.',
  })
}

const isOver = ({ attachment, lease }: Holder): boolean => !attachment.shared && lease.isOver

const described = ({ readOnly, shared }: Pick<GrantSpec, 'readOnly' | 'shared'>): string =>
  `${shared ? 'shared' : 'exclusive'} and ${readOnly ? 'read-only' : 'writable'}`

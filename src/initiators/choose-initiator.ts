import { StorageError } from '../volumegroups/index.ts'

export type InitiatorKind = 'open-iscsi' | 'userspace'

export interface InitiatorFacts {
  readonly configured: 'auto' | InitiatorKind
  /** How many disks are attached through each. */
  readonly attached: Readonly<Record<InitiatorKind, number>>
  /** What keeps the kernel's initiator from working here. */
  readonly faults: readonly string[]
}

export interface InitiatorChoice {
  readonly kind: InitiatorKind
  /** For people. */
  readonly why: string
}

/**
 * Which initiator a node uses: the kernel's where it is sound, and never another one than that which holds its disks.
 * Throws INITIATOR_UNAVAILABLE, with all that is missing, when what is configured can not be had.
 */
export function chooseInitiator({ configured, attached, faults }: InitiatorFacts): InitiatorChoice {
  const holder = holderOf(attached)
  if (holder !== undefined && (configured === 'auto' || configured === holder)) {
    return { kind: holder, why: `${attached[holder]} disks are attached through it` }
  }
  if (holder !== undefined) {
    const message = `initiator: ${configured} is configured, but ${attached[holder]} disks of this node are attached through ${holder}`
    throw new StorageError('INITIATOR_UNAVAILABLE', message, {
      fix: `Drain the node first, or configure initiator: ${holder}.`,
    })
  }
  if (configured === 'userspace') return { kind: 'userspace', why: 'it is configured' }
  if (faults.length === 0) return { kind: 'open-iscsi', why: "the kernel's initiator is sound on this node" }
  if (configured === 'auto') return { kind: 'userspace', why: faults.join('; ') }
  throw new StorageError('INITIATOR_UNAVAILABLE', `this node can not use open-iscsi: ${faults.join('; ')}`, {
    fix: 'Correct all that the error names, or configure initiator: auto or userspace.',
  })
}

/** What is on both sides is the userspace initiator's: it alone ends with its keeper. */
function holderOf(attached: InitiatorFacts['attached']): InitiatorKind | undefined {
  if (attached.userspace > 0) return 'userspace'
  return attached['open-iscsi'] > 0 ? 'open-iscsi' : undefined
}

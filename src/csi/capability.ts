import type { Violations } from '../volumegroups/index.ts'
import { FILE_SYSTEMS, type FileSystem, isFileSystem } from './file-systems.ts'
import type { VolumeCapability, VolumeCapabilityAccessModeMode } from './messages.ts'

export type AccessMode = Exclude<VolumeCapabilityAccessModeMode, 'UNKNOWN'>

/** One way in which a volume is to be used; Mooring supports it. */
export interface Capability {
  readonly accessType: 'block' | 'mount'
  readonly accessMode: AccessMode
  /** Undefined when the caller leaves the choice open. */
  readonly fileSystem: FileSystem | undefined
  readonly mountFlags: readonly string[]
}

/** What each access mode means for the right to a disk, and whether a file system bears it. */
const ACCESS_MODES: Readonly<Record<string, { shared: boolean; readOnly: boolean; mount: boolean }>> = {
  SINGLE_NODE_WRITER: { shared: false, readOnly: false, mount: true },
  SINGLE_NODE_SINGLE_WRITER: { shared: false, readOnly: false, mount: true },
  SINGLE_NODE_MULTI_WRITER: { shared: false, readOnly: false, mount: true },
  SINGLE_NODE_READER_ONLY: { shared: false, readOnly: true, mount: true },
  MULTI_NODE_READER_ONLY: { shared: true, readOnly: true, mount: true },
  MULTI_NODE_SINGLE_WRITER: { shared: true, readOnly: false, mount: false },
  MULTI_NODE_MULTI_WRITER: { shared: true, readOnly: false, mount: false },
} satisfies Record<AccessMode, { shared: boolean; readOnly: boolean; mount: boolean }>

/** The rights to the disk that a node needs for this use; `readOnly` is what the request says beside it. */
export function rightsOf(capability: Capability, readOnly: boolean): { shared: boolean; readOnly: boolean } {
  const mode = ACCESS_MODES[capability.accessMode]!
  return { shared: mode.shared, readOnly: readOnly || mode.readOnly }
}

/** Adds a fault for what is missing or not supported; the result counts only when there is none. */
export function parseCapability(
  message: VolumeCapability | null,
  field: string,
  faults: Violations,
): Capability {
  if (isComplete(message, field, faults)) {
    const unsupported = unsupportedIn(message)
    if (unsupported !== undefined) faults.add(field, 'UNSUPPORTED_CAPABILITY', `${field}: ${unsupported}`)
  }
  return {
    accessType: message?.block ? 'block' : 'mount',
    accessMode: message?.accessMode?.mode as AccessMode,
    fileSystem: (message?.mount?.fsType || undefined) as FileSystem | undefined,
    mountFlags: message?.mount?.mountFlags ?? [],
  }
}

/** At least one, each complete and supported. */
export function parseCapabilities(
  messages: readonly VolumeCapability[],
  field: string,
  faults: Violations,
): readonly Capability[] {
  if (messages.length === 0) faults.add(field, 'INVALID_ARGUMENT', `${field} is missing`)
  return messages.map((message, index) => parseCapability(message, `${field}[${index}]`, faults))
}

/** Adds a fault when the capability does not say what it must. */
export function isComplete(
  message: VolumeCapability | null,
  field: string,
  faults: Violations,
): message is VolumeCapability {
  const add = (what: string): void => faults.add(field, 'INVALID_ARGUMENT', `${field} ${what}`)
  if (message === null) add('is missing')
  else if (!message.block && !message.mount) add('has no access type (block or mount)')
  else if ((message.accessMode?.mode ?? 'UNKNOWN') === 'UNKNOWN') add('has no access mode')
  else return true
  return false
}

/** Why a complete capability can not be had; undefined when it can. */
export function unsupportedIn(message: VolumeCapability): string | undefined {
  const { mode } = message.accessMode!
  const known = ACCESS_MODES[mode]
  const { fsType = '', volumeMountGroup = '' } = message.mount ?? {}
  if (known === undefined) return `the access mode ${mode} is not known`
  if (message.mount && !known.mount) {
    return `${mode} is for block volumes only, since no file system here bears writers on several nodes`
  }
  if (fsType !== '' && !isFileSystem(fsType)) {
    return `the file system ${fsType} is not one of ${FILE_SYSTEMS.join(', ')}`
  }
  return volumeMountGroup === '' ? undefined : 'volume_mount_group is not supported'
}

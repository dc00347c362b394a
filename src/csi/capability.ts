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
const ACCESS_MODES = {
  SINGLE_NODE_WRITER: { shared: false, readOnly: false, mount: true },
  SINGLE_NODE_SINGLE_WRITER: { shared: false, readOnly: false, mount: true },
  SINGLE_NODE_MULTI_WRITER: { shared: false, readOnly: false, mount: true },
  SINGLE_NODE_READER_ONLY: { shared: false, readOnly: true, mount: true },
  MULTI_NODE_READER_ONLY: { shared: true, readOnly: true, mount: true },
  MULTI_NODE_SINGLE_WRITER: { shared: true, readOnly: false, mount: false },
  MULTI_NODE_MULTI_WRITER: { shared: true, readOnly: false, mount: false },
} as const satisfies Record<AccessMode, { shared: boolean; readOnly: boolean; mount: boolean }>

/** The rights that a node needs for this use. */
export function rightsOf(capability: Capability, readOnly: boolean): { shared: boolean; readOnly: boolean } {
  const mode = ACCESS_MODES[capability.accessMode]
  return { shared: mode.shared, readOnly: readOnly || mode.readOnly }
}

/** Adds a fault for what is missing or not supported; the result counts only when there is none. */
export function parseCapability(
  message: VolumeCapability | null,
  field: string,
  faults: Violations,
): Capability {
  const found = {
    accessType: message?.block ? ('block' as const) : ('mount' as const),
    accessMode: (message?.accessMode?.mode ?? 'UNKNOWN') as AccessMode,
    fileSystem: (message?.mount?.fsType || undefined) as FileSystem | undefined,
    mountFlags: message?.mount?.mountFlags ?? [],
  }
  const missing = missingIn(message)
  if (missing !== undefined) faults.add(field, 'INVALID_ARGUMENT', `${field} ${missing}`)
  else {
    const unsupported = unsupportedIn(found, message!)
    if (unsupported !== undefined) faults.add(field, 'UNSUPPORTED_CAPABILITY', `${field}: ${unsupported}`)
  }
  return found
}

/** At least one, and all of them well formed and supported. */
export function parseCapabilities(
  messages: readonly VolumeCapability[],
  field: string,
  faults: Violations,
): readonly Capability[] {
  if (messages.length === 0) faults.add(field, 'INVALID_ARGUMENT', `${field} is missing`)
  return messages.map((message, index) => parseCapability(message, `${field}[${index}]`, faults))
}

function missingIn(message: VolumeCapability | null): string | undefined {
  if (message === null) return 'is missing'
  if (!message.block && !message.mount) return 'has no access type (block or mount)'
  if ((message.accessMode?.mode ?? 'UNKNOWN') === 'UNKNOWN') return 'has no access mode'
  return undefined
}

function unsupportedIn(found: Capability, message: VolumeCapability): string | undefined {
  const mode = ACCESS_MODES[found.accessMode] as (typeof ACCESS_MODES)[AccessMode] | undefined
  if (mode === undefined) return `the access mode ${found.accessMode} is not known`
  if (found.accessType === 'mount' && !mode.mount) {
    return `${found.accessMode} is supported for block volumes only: no file system here bears writers on several nodes`
  }
  if (found.fileSystem !== undefined && !isFileSystem(found.fileSystem)) {
    return `the file system ${found.fileSystem} is not one of ${FILE_SYSTEMS.join(', ')}`
  }
  if (message.mount?.volumeMountGroup) return 'volume_mount_group is not supported'
  return undefined
}

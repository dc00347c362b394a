import { parseDeleteGrace } from '../csi/delete-grace.ts'
import { FILE_SYSTEMS, type FileSystem, isFileSystem } from '../csi/file-systems.ts'
import { type Encryption, isEncryption } from '../csi/volume-context.ts'
import type { ProjectPath, Violations } from '../volumegroups/index.ts'

type Parameters = Readonly<Record<string, string>>

/** What a StorageClass can say. */
export interface StorageClass {
  /** The template of a project's path. */
  readonly project: ProjectPath
  /** Whether a project that is not there is made. */
  readonly createProject: boolean
  /** The template of a volume group's name; undefined = a group of its own for each volume. */
  readonly volumeGroup: string | undefined
  readonly fileSystem: FileSystem | undefined
  /** Empty for none. */
  readonly mkfsOptions: string
  readonly encryption: Encryption | undefined
  /** How long a deleted volume can be had again. */
  readonly deleteGraceMs: number
}

const STORAGE_CLASS = [
  'volumeGroup',
  'fsType',
  'mkfsOptions',
  'encryption',
  'project',
  'createProject',
  'deleteGrace',
]
/** The sidecars add keys of their own under this prefix. */
const SIDECARS = 'csi.storage.k8s.io/'

/** Reads the parameters of a StorageClass; what Mooring does not know is a fault. */
export function parseStorageClass(parameters: Parameters, faults: Violations): StorageClass {
  refuseParameters(parameters, { field: 'parameters', known: STORAGE_CLASS }, faults)
  const {
    project = '/',
    createProject = 'false',
    volumeGroup,
    fsType = '',
    mkfsOptions = '',
    encryption = '',
  } = parameters
  const { deleteGrace = '' } = parameters
  const add = (name: string, message: string): void =>
    faults.add(`parameters.${name}`, 'INVALID_ARGUMENT', `parameters.${name} ${message}`)
  if (volumeGroup === '') add('volumeGroup', 'is empty; leave it out for a group of its own')
  if (!['true', 'false'].includes(createProject)) add('createProject', 'is neither true nor false')
  if (fsType !== '' && !isFileSystem(fsType)) add('fsType', `is not one of ${FILE_SYSTEMS.join(', ')}`)
  if (encryption !== '' && !isEncryption(encryption)) add('encryption', 'is not luks; leave it out for none')
  return {
    project,
    createProject: createProject === 'true',
    volumeGroup,
    fileSystem: isFileSystem(fsType) ? fsType : undefined,
    mkfsOptions: mkfsOptions.trim(),
    encryption: isEncryption(encryption) ? encryption : undefined,
    deleteGraceMs: parseDeleteGrace(deleteGrace, faults),
  }
}

/** What Mooring gives no meaning to is a fault, unless a sidecar added it. */
export function refuseParameters(
  parameters: Parameters,
  { field, known }: { readonly field: string; readonly known: readonly string[] },
  faults: Violations,
): void {
  const rest = known.length === 0 ? 'none is known here' : `known are ${known.join(', ')}`
  for (const name of Object.keys(parameters)) {
    if (known.includes(name) || name.startsWith(SIDECARS)) continue
    faults.add(`${field}.${name}`, 'UNKNOWN_PARAMETER', `${field}.${name} is not known; ${rest}`)
  }
}

/** The variables of a template, and the keys with which the provisioner's --extra-create-metadata sends them. */
const VARIABLES: ReadonlyMap<string, string> = new Map([
  ['pvc.namespace', `${SIDECARS}pvc/namespace`],
  ['pvc.name', `${SIDECARS}pvc/name`],
  ['pv.name', `${SIDECARS}pv/name`],
])

/** Puts in the values of `${pvc.namespace}`, `${pvc.name}` and `${pv.name}`. */
export function expandTemplate(
  { name, template }: { readonly name: 'volumeGroup' | 'project'; readonly template: string },
  parameters: Parameters,
  faults: Violations,
): string {
  const add = (message: string): void =>
    faults.add(`parameters.${name}`, 'INVALID_ARGUMENT', `parameters.${name} ${message}`)
  const text = template.replace(/\$\{([^}]*)\}/g, (whole, variable: string) => {
    const key = VARIABLES.get(variable)
    if (key === undefined) {
      add(`uses ${whole}; known are ${[...VARIABLES.keys()].join(', ')}`)
      return ''
    }
    const value = parameters[key] ?? ''
    if (value === '') {
      add(
        `uses ${whole}, and the request has no ${key}: run external-provisioner with --extra-create-metadata`,
      )
    }
    return value
  })
  if (/\$\{/.test(template.replace(/\$\{[^}]*\}/g, ''))) add('has a variable without its closing brace')
  return text
}

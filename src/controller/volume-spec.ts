import { type Capability, parseCapabilities } from '../csi/capability.ts'
import { toGraceAttributes } from '../csi/delete-grace.ts'
import { DEFAULT_FILE_SYSTEM, type FileSystem } from '../csi/file-systems.ts'
import type { CreateVolumeRequest, VolumeContentSource } from '../csi/messages.ts'
import { parseMkfsOptions } from '../csi/mkfs-options.ts'
import { parseCapacity, parseRequired, parsing } from '../csi/parse.ts'
import { toVolumeContext } from '../csi/volume-context.ts'
import type { DiskSource, DiskSpec, GroupChoice, Violations } from '../volumegroups/index.ts'
import { parseMutableParameters } from './mutable-parameters.ts'
import { expandTemplate, parseStorageClass } from './parameters.ts'
import { existingSnapshot } from './snapshot.ts'
import { existingDiskId } from './volume.ts'

/** Refuses everything that a caller can get wrong, all faults at once; then a source that can not exist. */
export function parseDiskSpec(request: CreateVolumeRequest): DiskSpec {
  const spec = parsing((faults) => {
    const capabilities = parseCapabilities(request.volumeCapabilities, 'volume_capabilities', faults)
    const { project, createProject, volumeGroup, mkfsOptions, encryption, deleteGraceMs, ...storageClass } =
      parseStorageClass(request.parameters, faults)
    const groupChanges = parseMutableParameters(request.mutableParameters, faults)
    refuseEmptySource(request.volumeContentSource, faults)
    const fileSystem = chooseFileSystem(capabilities, storageClass.fileSystem, faults)
    checkMkfsOptions(fileSystem, mkfsOptions, faults)
    return {
      name: parseRequired(request.name, 'name', faults),
      project: expandTemplate({ name: 'project', template: project }, request.parameters, faults),
      createProject,
      group: chooseGroup(volumeGroup, request.parameters, faults),
      size: parseCapacity(request.capacityRange, 'capacity_range', faults),
      attributes: {
        ...toVolumeContext({ fileSystem, mkfsOptions, encryption }),
        ...toGraceAttributes(deleteGraceMs),
      },
      ...(groupChanges && { groupChanges }),
    }
  })
  return { ...spec, source: parseSource(request.volumeContentSource) }
}

function chooseGroup(
  template: string | undefined,
  parameters: Readonly<Record<string, string>>,
  faults: Violations,
): GroupChoice {
  if (template === undefined) return { kind: 'own' }
  return { kind: 'named', name: expandTemplate({ name: 'volumeGroup', template }, parameters, faults) }
}

/** The capabilities and the StorageClass may name a file system; those that do must name the same. */
function chooseFileSystem(
  capabilities: readonly Capability[],
  ofStorageClass: FileSystem | undefined,
  faults: Violations,
): FileSystem | undefined {
  const named = [...capabilities.map((capability) => capability.fileSystem), ofStorageClass]
  const distinct = [...new Set(named.filter((fileSystem) => fileSystem !== undefined))]
  if (distinct.length > 1) {
    const message = `the capabilities and parameters.fsType name different file systems: ${distinct.join(', ')}`
    faults.add('volume_capabilities', 'INVALID_ARGUMENT', message)
  }
  return distinct[0]
}

/** As the node does before it formats, so that the fault is told to whom it concerns. */
function checkMkfsOptions(fileSystem: FileSystem | undefined, text: string, faults: Violations): void {
  const field = 'parameters.mkfsOptions'
  parseMkfsOptions({ fileSystem: fileSystem ?? DEFAULT_FILE_SYSTEM, text, field }, faults)
}

function refuseEmptySource(source: VolumeContentSource | null, faults: Violations): void {
  if (source === null || source.snapshot?.snapshotId || source.volume?.volumeId) return
  faults.add('volume_content_source', 'INVALID_ARGUMENT', 'volume_content_source names no snapshot or volume')
}

function parseSource(source: VolumeContentSource | null): DiskSource | undefined {
  if (source?.snapshot) return { kind: 'recoveryPoint', ...existingSnapshot(source.snapshot.snapshotId) }
  if (source?.volume) return { kind: 'disk', diskId: existingDiskId(source.volume.volumeId) }
  return undefined
}

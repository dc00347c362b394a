import { Type } from 'typebox'
import {
  type Disk,
  type DiskId,
  type DiskSource,
  type DiskSpec,
  type GroupChoice,
  MAX_DISK_BYTES,
  MIN_DISK_BYTES,
  type RecoveryPointId,
  type SizeRange,
  type VolumeGroupId,
} from '../../volumegroups/index.ts'
import { describe } from './calls.ts'
import { GroupChangesSchema } from './group-changes.ts'
import { createProject, project } from './projects.ts'
import { groupId } from './volume-groups.ts'
import { bytes, decodesTo, faultsAs, id, listQuery, newName, pageOf, request, texts, time } from './wire.ts'

export const diskId = () => id<DiskId>('disk', 'a disk')
export const recoveryPointId = () => id<RecoveryPointId>('rp', 'a recovery point')
export const initiator = () => Type.Unsafe<Disk['attachedTo'][number]>(Type.String())

/** On the wire, a source with a recovery point is the disk's image in it. */
const SourceSchema = Type.Codec(
  request({ diskId: diskId(), recoveryPointId: Type.Optional(recoveryPointId()) }, { title: 'DiskSource' }),
)
  .Decode(
    ({ diskId, recoveryPointId }): DiskSource =>
      recoveryPointId === undefined
        ? { kind: 'disk', diskId }
        : { kind: 'recoveryPoint', diskId, recoveryPointId },
  )
  .Encode((source) =>
    source.kind === 'disk'
      ? { diskId: source.diskId }
      : { diskId: source.diskId, recoveryPointId: source.recoveryPointId },
  )

/** On the wire, a group by its id or by its name; none = a group of the disk's own. */
const GroupSchema = Type.Codec(
  request(
    { id: Type.Optional(groupId()), name: Type.Optional(newName()) },
    { title: 'GroupChoice', minProperties: 1, maxProperties: 1 },
  ),
)
  .Decode(
    ({ id, name }): Exclude<GroupChoice, { kind: 'own' }> =>
      id === undefined ? { kind: 'named', name: name as string } : { kind: 'existing', id },
  )
  .Encode((choice): { id?: VolumeGroupId; name?: string } =>
    choice.kind === 'named' ? { name: choice.name } : { id: choice.id },
  )

const outOfRange = faultsAs('SIZE_OUT_OF_RANGE')
const SizeSchema = decodesTo<SizeRange>()(
  Type.Refine(
    request(
      {
        requiredBytes: Type.Optional(bytes({ maximum: Number(MAX_DISK_BYTES), ...outOfRange })),
        limitBytes: Type.Optional(bytes({ minimum: Number(MIN_DISK_BYTES), ...outOfRange })),
      },
      { title: 'SizeRange', ...outOfRange },
    ),
    ({ requiredBytes = 0, limitBytes = Number.MAX_SAFE_INTEGER }) => requiredBytes <= limitBytes,
    () => 'has requiredBytes above limitBytes',
  ),
)

const DiskRequest = Type.Codec(
  request(
    {
      name: newName(),
      project: project(),
      createProject: createProject(),
      group: Type.Optional(GroupSchema),
      size: Type.Optional(SizeSchema),
      source: Type.Optional(SourceSchema),
      attributes: Type.Optional(texts()),
      groupChanges: Type.Optional(GroupChangesSchema),
    },
    { title: 'DiskRequest' },
  ),
)
  .Decode(
    ({ name, project, createProject, group, size, source, attributes, groupChanges }): DiskSpec => ({
      name,
      project,
      ...(createProject === undefined ? {} : { createProject }),
      group: group ?? { kind: 'own' },
      size: size ?? { requiredBytes: undefined, limitBytes: undefined },
      source,
      attributes: attributes ?? {},
      ...(groupChanges === undefined ? {} : { groupChanges }),
    }),
  )
  .Encode(({ name, project, createProject, group, size, source, attributes, groupChanges }) => ({
    name,
    project,
    ...(createProject === undefined ? {} : { createProject }),
    ...(group.kind === 'own' ? {} : { group }),
    size,
    ...(source === undefined ? {} : { source }),
    attributes,
    ...(groupChanges === undefined ? {} : { groupChanges }),
  }))

export const DiskSchema = decodesTo<Disk>()(
  Type.Object(
    {
      id: diskId(),
      groupId: groupId(),
      name: Type.String(),
      sizeBytes: bytes(),
      lun: Type.Integer(),
      attributes: Type.Record(Type.String(), Type.String()),
      source: Type.Optional(SourceSchema),
      groupChanges: Type.Optional(GroupChangesSchema),
      generation: Type.Integer(),
      dataMissingSince: Type.Optional(time()),
      createdAt: time(),
      attachedTo: Type.Array(initiator()),
    },
    { title: 'Disk' },
  ),
)

const params = Type.Object({ diskId: diskId() })

export const diskCalls = {
  createDisk: describe({
    method: 'POST',
    path: '/disks',
    summary: 'Makes a disk, blank or from a source, or gives the one of this project and name if it fits.',
    body: DiskRequest,
    answer: DiskSchema,
  }),
  getDisk: describe({
    method: 'GET',
    path: '/disks/:diskId',
    summary: 'Gives one disk.',
    params,
    answer: DiskSchema,
  }),
  listDisks: describe({
    method: 'GET',
    path: '/disks',
    summary: 'Lists disks.',
    query: listQuery({ groupId: Type.Optional(groupId()), name: Type.Optional(Type.String()) }),
    answer: pageOf(DiskSchema, 'Disk'),
  }),
  growDisk: describe({
    method: 'POST',
    path: '/disks/:diskId/grow',
    summary: 'Makes a disk at least this large, attached or not. Never makes it smaller.',
    params,
    body: SizeSchema,
    answer: DiskSchema,
  }),
}

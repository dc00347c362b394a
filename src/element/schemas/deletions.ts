import { Type } from 'typebox'
import {
  type DeletedThing,
  type DeleteOptions,
  type DiskId,
  MAX_GRACE_MS,
  type UndeleteOptions,
  type VolumeGroupId,
} from '../../volumegroups/index.ts'
import { describe } from './calls.ts'
import { DiskSchema, diskId } from './disks.ts'
import { groupId, VolumeGroupSchema } from './volume-groups.ts'
import { bytes, decodesTo, id, listQuery, newName, pageOf, request, time } from './wire.ts'

const KINDS = ['disk', 'volumeGroup'] as const
const REASONS = ['user', 'csi'] as const

const DeleteQuery = decodesTo<DeleteOptions>()(
  request({
    graceMs: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: MAX_GRACE_MS,
        description:
          'How long it can be had again; 0: it is gone at once. Left out: as the element is configured, and 0 for csi.',
      }),
    ),
    reason: Type.Optional(Type.Enum([...REASONS], { description: 'Who wants it gone. Default: user.' })),
  }),
)

const UndeleteRequest = decodesTo<UndeleteOptions>()(
  request(
    { name: Type.Optional(newName(undefined, { description: 'Instead of the one that it had.' })) },
    { title: 'UndeleteRequest' },
  ),
)

const deletedId = () => id<DiskId | VolumeGroupId>('(disk|vg)', 'a deleted disk or volume group')

const DeletedSchema = decodesTo<DeletedThing>()(
  Type.Object(
    {
      kind: Type.Enum([...KINDS]),
      id: deletedId(),
      name: Type.String(),
      project: Type.String(),
      groupId: groupId(),
      sizeBytes: Type.Optional(bytes()),
      deletedAt: time(),
      restorableUntil: time(),
      reason: Type.Enum([...REASONS]),
      actor: Type.Optional(
        Type.String({ description: 'The token that was called with; left out: the administrator.' }),
      ),
    },
    { title: 'Deleted' },
  ),
)

export const deletionCalls = {
  deleteGroup: describe({
    method: 'DELETE',
    path: '/volume-groups/:groupId',
    summary: 'Deletes an empty volume group. It can be had again for a while. No error when it is gone.',
    params: Type.Object({ groupId: groupId() }),
    query: DeleteQuery,
  }),
  deleteDisk: describe({
    method: 'DELETE',
    path: '/disks/:diskId',
    summary:
      'Deletes a disk that is not attached. It can be had again for a while. Its recovery points stay. No error when it is gone.',
    params: Type.Object({ diskId: diskId() }),
    query: DeleteQuery,
  }),
  undeleteGroup: describe({
    method: 'POST',
    path: '/volume-groups/:groupId/undelete',
    summary: 'Brings back a deleted volume group, with its ids. Its disks stay deleted.',
    params: Type.Object({ groupId: groupId() }),
    body: UndeleteRequest,
    answer: VolumeGroupSchema,
  }),
  undeleteDisk: describe({
    method: 'POST',
    path: '/disks/:diskId/undelete',
    summary: 'Brings back a deleted disk, with its ids and data. Its volume group must not be deleted.',
    params: Type.Object({ diskId: diskId() }),
    body: UndeleteRequest,
    answer: DiskSchema,
  }),
  listDeleted: describe({
    method: 'GET',
    path: '/deleted',
    summary: 'Lists deleted disks and volume groups that can be had again.',
    query: listQuery({ kind: Type.Optional(Type.Enum([...KINDS])), groupId: Type.Optional(groupId()) }),
    answer: pageOf(DeletedSchema, 'Deleted'),
  }),
  purgeDeleted: describe({
    method: 'DELETE',
    path: '/deleted/:deletedId',
    summary:
      'Deletes for good what was deleted: a disk, or a volume group with its deleted disks. No error when it is gone.',
    params: Type.Object({ deletedId: deletedId() }),
  }),
}

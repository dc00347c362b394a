import { Type } from 'typebox'
import {
  type DiskImage,
  MAX_DISKS_PER_RECOVERY_POINT,
  type RecoveryPoint,
  type RecoveryPointSpec,
} from '../../volumegroups/index.ts'
import { describe } from './calls.ts'
import { diskId, recoveryPointId } from './disks.ts'
import { groupId } from './volume-groups.ts'
import { bytes, decodesTo, listQuery, newName, pageOf, request, time } from './wire.ts'

const diskIds = Type.Array(diskId(), {
  minItems: 1,
  maxItems: MAX_DISKS_PER_RECOVERY_POINT,
  uniqueItems: true,
})

const RecoveryPointRequest = decodesTo<RecoveryPointSpec>()(
  request({ name: newName(), diskIds, grouped: Type.Boolean() }, { title: 'RecoveryPointRequest' }),
)

export const RecoveryPointSchema = decodesTo<RecoveryPoint>()(
  Type.Object(
    {
      id: recoveryPointId(),
      groupId: groupId(),
      name: Type.String(),
      grouped: Type.Boolean(),
      disks: Type.Array(Type.Object({ diskId: diskId(), sizeBytes: bytes() })),
      createdAt: time(),
    },
    { title: 'RecoveryPoint' },
  ),
)

export const DiskImageSchema = decodesTo<DiskImage>()(
  Type.Object(
    {
      recoveryPointId: recoveryPointId(),
      diskId: diskId(),
      sizeBytes: bytes(),
      grouped: Type.Boolean(),
      createdAt: time(),
    },
    { title: 'DiskImage' },
  ),
)

const params = Type.Object({ recoveryPointId: recoveryPointId() })

export const recoveryPointCalls = {
  createRecoveryPoint: describe({
    method: 'POST',
    path: '/recovery-points',
    summary: 'Takes an image of disks of one volume group at one instant.',
    body: RecoveryPointRequest,
    answer: RecoveryPointSchema,
  }),
  getRecoveryPoint: describe({
    method: 'GET',
    path: '/recovery-points/:recoveryPointId',
    summary: 'Gives one recovery point.',
    params,
    answer: RecoveryPointSchema,
  }),
  listRecoveryPoints: describe({
    method: 'GET',
    path: '/recovery-points',
    summary: 'Lists recovery points.',
    query: listQuery({ groupId: Type.Optional(groupId()) }),
    answer: pageOf(RecoveryPointSchema, 'RecoveryPoint'),
  }),
  listDiskImages: describe({
    method: 'GET',
    path: '/disk-images',
    summary: 'Lists the images of single disks in recovery points.',
    query: listQuery({
      recoveryPointId: Type.Optional(recoveryPointId()),
      diskId: Type.Optional(diskId()),
    }),
    answer: pageOf(DiskImageSchema, 'DiskImage'),
  }),
  deleteRecoveryPoint: describe({
    method: 'DELETE',
    path: '/recovery-points/:recoveryPointId',
    summary: 'Deletes a recovery point. No error when it is gone.',
    params,
  }),
}

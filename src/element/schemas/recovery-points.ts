import { Type } from 'typebox'
import {
  type DiskImage,
  type GroupPointSpec,
  MAX_DISKS_PER_RECOVERY_POINT,
  MAX_WHY_BYTES,
  type PointTerms,
  type RecoveryPoint,
  type RecoveryPointSpec,
} from '../../volumegroups/index.ts'
import { describe } from './calls.ts'
import { diskId, recoveryPointId } from './disks.ts'
import { groupId } from './volume-groups.ts'
import { bytes, decodesTo, listQuery, newName, pageOf, request, texts, time } from './wire.ts'

const diskIds = Type.Array(diskId(), {
  minItems: 1,
  maxItems: MAX_DISKS_PER_RECOVERY_POINT,
  uniqueItems: true,
})

const reason = () => Type.Enum(['user', 'csi'], { description: 'Who wants it. Left out: user.' })

const terms = () => ({
  expiresAt: Type.Optional(time()),
  lockedUntil: Type.Optional(time()),
})

const options = () => ({ reason: Type.Optional(reason()), ...terms(), labels: Type.Optional(texts()) })

const RecoveryPointRequest = decodesTo<RecoveryPointSpec>()(
  request(
    { name: newName(), diskIds, grouped: Type.Boolean(), ...options() },
    { title: 'RecoveryPointRequest' },
  ),
)

const GroupPointRequest = decodesTo<Omit<GroupPointSpec, 'groupId'>>()(
  request({ name: newName(), ...options() }, { title: 'GroupPointRequest' }),
)

const TermsRequest = decodesTo<PointTerms>()(
  request({ ...terms(), labels: texts() }, { title: 'RecoveryPointTerms' }),
)

export const RecoveryPointSchema = decodesTo<RecoveryPoint>()(
  Type.Object(
    {
      id: recoveryPointId(),
      groupId: groupId(),
      name: Type.String(),
      grouped: Type.Boolean(),
      disks: Type.Array(Type.Object({ diskId: diskId(), sizeBytes: bytes() })),
      reason: Type.Enum(['schedule', 'user', 'csi'], { description: 'Who wanted it.' }),
      generation: Type.Integer({ minimum: 1, description: 'Grows with each change of its terms.' }),
      ...terms(),
      labels: Type.Record(Type.String(), Type.String()),
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
  createGroupPoint: describe({
    method: 'POST',
    path: '/volume-groups/:groupId/recovery-points',
    summary: 'Takes an image of all disks of a volume group at one instant.',
    params: Type.Object({ groupId: groupId() }),
    body: GroupPointRequest,
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
  updateRecoveryPoint: describe({
    method: 'PUT',
    path: '/recovery-points/:recoveryPointId/terms',
    summary: 'Sets when a recovery point expires, its lock and its labels. A lock is never made shorter.',
    params,
    body: TermsRequest,
    answer: RecoveryPointSchema,
  }),
  unlockRecoveryPoint: describe({
    method: 'POST',
    path: '/recovery-points/:recoveryPointId/unlock',
    summary: "Lifts a recovery point's lock. Why is kept with the operation.",
    params,
    body: request({ why: newName(MAX_WHY_BYTES) }, { title: 'UnlockRequest' }),
    answer: RecoveryPointSchema,
  }),
  deleteRecoveryPoint: describe({
    method: 'DELETE',
    path: '/recovery-points/:recoveryPointId',
    summary: 'Deletes a recovery point that is not locked. No error when it is gone.',
    params,
  }),
}

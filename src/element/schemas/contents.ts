import { Type } from 'typebox'
import {
  type GroupSpace,
  MAX_RANGES,
  type Ranges,
  type RangesQuery,
  type RecoveryPointId,
} from '../../volumegroups/index.ts'
import { describe } from './calls.ts'
import { diskId, recoveryPointId } from './disks.ts'
import { RecoveryPointSchema } from './recovery-points.ts'
import { groupId, VolumeGroupRequest, VolumeGroupSchema } from './volume-groups.ts'
import { bytes, decodesTo, newName, request } from './wire.ts'

const use = { exclusiveBytes: bytes(), sharedBytes: bytes() }

const SpaceSchema = decodesTo<GroupSpace>()(
  Type.Object(
    {
      group: Type.Object(use),
      disks: Type.Array(Type.Object({ id: diskId(), ...use })),
      recoveryPoints: Type.Array(Type.Object({ id: recoveryPointId(), ...use })),
    },
    { title: 'GroupSpace' },
  ),
)

const RangesSchema = decodesTo<Ranges>()(
  Type.Object(
    {
      sizeBytes: bytes({ description: 'Of the disk, in its image.' }),
      ranges: Type.Array(Type.Object({ offsetBytes: bytes(), lengthBytes: bytes() })),
      nextBytes: Type.Optional(
        bytes({ description: '`fromBytes` of the next page; left out on the last one.' }),
      ),
    },
    { title: 'Ranges' },
  ),
)

const page = {
  fromBytes: Type.Optional(bytes({ description: 'What lies before is left out.' })),
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: MAX_RANGES, description: 'Ranges in the page.' })),
}

const params = Type.Object({ recoveryPointId: recoveryPointId(), diskId: diskId() })

export const contentCalls = {
  revertGroup: describe({
    method: 'POST',
    path: '/recovery-points/:recoveryPointId/revert',
    summary:
      'Gives the detached disks of a volume group the content of a recovery point, and keeps what was there.',
    params: Type.Object({ recoveryPointId: recoveryPointId() }),
    body: request({ keepAs: newName() }, { title: 'RevertRequest' }),
    answer: RecoveryPointSchema,
  }),
  restoreGroup: describe({
    method: 'POST',
    path: '/recovery-points/:recoveryPointId/restore',
    summary: 'Makes a volume group with new disks that hold what a recovery point does.',
    params: Type.Object({ recoveryPointId: recoveryPointId() }),
    body: VolumeGroupRequest,
    answer: VolumeGroupSchema,
  }),
  groupSpace: describe({
    method: 'GET',
    path: '/volume-groups/:groupId/space',
    summary: 'Measures what a volume group takes in the pool.',
    params: Type.Object({ groupId: groupId() }),
    answer: SpaceSchema,
  }),
  allocated: describe({
    method: 'GET',
    path: '/recovery-points/:recoveryPointId/disks/:diskId/allocated',
    summary: "Lists the byte ranges of a disk's image that are not zeroes by never having been written.",
    params,
    query: decodesTo<RangesQuery>()(request(page)),
    answer: RangesSchema,
  }),
  delta: describe({
    method: 'GET',
    path: '/recovery-points/:recoveryPointId/disks/:diskId/delta',
    summary: "Lists the byte ranges in which a disk's image may differ from an earlier one.",
    params,
    query: decodesTo<RangesQuery & { base: RecoveryPointId }>()(
      request({ base: recoveryPointId(), ...page }),
    ),
    answer: RangesSchema,
  }),
}

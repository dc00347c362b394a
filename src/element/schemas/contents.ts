import { Type } from 'typebox'
import { MAX_RANGES, type Ranges, type RangesQuery, type RecoveryPointId } from '../../volumegroups/index.ts'
import { describe } from './calls.ts'
import { diskId, recoveryPointId } from './disks.ts'
import { bytes, decodesTo, request } from './wire.ts'

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

import { Type } from 'typebox'
import { type Lease, type LeaseTerms, MAX_HOST_BYTES, MAX_REPORTED_DISKS } from '../../volumegroups/index.ts'
import { describe } from './calls.ts'
import { diskId, initiator } from './disks.ts'
import { initiatorId } from './initiators.ts'
import { decodesTo, newName, request, time } from './wire.ts'

const LeaseSchema = decodesTo<Lease>()(
  Type.Object(
    {
      initiatorId: initiator(),
      durationMs: Type.Integer({ description: 'Counted from when the renewal was sent.' }),
      renewMs: Type.Integer({ description: 'When to renew next.' }),
      holds: Type.Array(Type.Object({ diskId: diskId(), grantedAt: time() }), {
        description: 'All that the initiator holds; what is not here, with the same time, it has lost.',
      }),
    },
    { title: 'Lease' },
  ),
)

export const LeaseTermsSchema = decodesTo<LeaseTerms>()(
  Type.Object(
    {
      durationMs: Type.Integer(),
      renewMs: Type.Integer(),
      marginMs: Type.Integer(),
      fenceMs: Type.Integer(),
      boundMs: Type.Integer({
        description:
          'The longest from the last renewal of a silent initiator to its disk being granted to another.',
      }),
    },
    { title: 'LeaseTerms' },
  ),
)

const LeaseRequest = request(
  {
    instance: newName(undefined, {
      description: 'Tells machines, and lives of one machine, apart: a boot id.',
    }),
    host: newName(MAX_HOST_BYTES, { description: "The machine's name, for people." }),
    serves: Type.Optional(
      Type.Array(diskId(), {
        maxItems: MAX_REPORTED_DISKS,
        description: 'The disks that the machine serves; left out: it can not tell.',
      }),
    ),
  },
  { title: 'LeaseRequest' },
)

export const leaseCalls = {
  renewLease: describe({
    method: 'PUT',
    path: '/initiators/:initiatorId/lease',
    summary: 'Says that an initiator is alive, and answers what it holds.',
    params: Type.Object({ initiatorId: initiatorId() }),
    body: LeaseRequest,
    answer: LeaseSchema,
  }),
}

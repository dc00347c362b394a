import { Type } from 'typebox'
import type { ElementStatus, PoolCapacity } from '../../volumegroups/index.ts'
import { describe } from './calls.ts'
import { LeaseTermsSchema } from './leases.ts'
import { bytes, decodesTo, time } from './wire.ts'

export const StatusSchema = decodesTo<ElementStatus>()(
  Type.Object(
    {
      elementId: Type.String(),
      name: Type.String(),
      site: Type.String(),
      version: Type.String(),
      state: Type.Enum(['starting', 'ready', 'stopping']),
      startedAt: time(),
      lease: LeaseTermsSchema,
      authority: Type.Object(
        {
          mode: Type.Enum(['bounded', 'available'], {
            description: 'available: what is granted is served on when the authority is lost.',
          }),
          state: Type.Enum(['held', 'lost'], {
            description: 'lost: the database can not be written; nothing is changed or granted.',
          }),
          since: time(),
          why: Type.Optional(Type.String()),
          boundMs: Type.Optional(
            Type.Integer({
              description: 'Nothing is served any more so long after the authority was last proven.',
            }),
          ),
          serving: Type.Boolean({ description: 'Whether initiators are served now.' }),
        },
        { description: 'Whether the element may act: by its database, which it has to be able to write.' },
      ),
    },
    { title: 'ElementStatus' },
  ),
)

export const CapacitySchema = decodesTo<PoolCapacity>()(
  Type.Object(
    {
      totalBytes: bytes(),
      usedBytes: bytes({ description: 'All that is held, and what the store keeps for itself.' }),
      availableBytes: bytes({ description: 'What may still be promised to disks.' }),
      maximumDiskBytes: bytes(),
      promisedBytes: bytes({ description: 'The sizes of all disks together.' }),
      state: Type.Enum(['ok', 'warning', 'stopped', 'paused'], {
        description:
          'stopped: no disk is made or grown until there is space again. paused: next to nothing is left, so that initiators wait for space too.',
      }),
    },
    { title: 'Capacity' },
  ),
)

export const statusCalls = {
  status: describe({
    method: 'GET',
    path: '/status',
    summary: 'Says what the element is and whether it is ready. Answers at any time.',
    answer: StatusSchema,
  }),
  capacity: describe({
    method: 'GET',
    path: '/capacity',
    summary: 'Says how much the pool holds and has left.',
    answer: CapacitySchema,
  }),
}

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

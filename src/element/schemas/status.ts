import { Type } from 'typebox'
import type { Capacity, ElementStatus } from '../../volumegroups/index.ts'
import { describe } from './calls.ts'
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
    },
    { title: 'ElementStatus' },
  ),
)

export const CapacitySchema = decodesTo<Capacity>()(
  Type.Object(
    { totalBytes: bytes(), availableBytes: bytes(), maximumDiskBytes: bytes() },
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

import { Type } from 'typebox'
import { type Initiator, type InitiatorId, MAX_INITIATOR_ID_BYTES } from '../../volumegroups/index.ts'
import { describe } from './calls.ts'
import { initiator } from './disks.ts'
import { decodesTo, listQuery, newName, pageOf, request, time } from './wire.ts'

export const initiatorId = () =>
  Type.Unsafe<InitiatorId>(
    newName(MAX_INITIATOR_ID_BYTES, {
      description: 'The id that the node gave itself: its Kubernetes node name.',
    }),
  )

const InitiatorRequest = request(
  {
    name: Type.String({
      pattern: '^(iqn|eui|naa)\\.[a-z0-9.:-]{1,219}$',
      description: 'Its iSCSI name (RFC 7143 §4.2.7).',
    }),
    maxAttachments: Type.Integer({
      minimum: 0,
      maximum: Number.MAX_SAFE_INTEGER,
      description: 'How many disks can be attached to it at once; 0 = no limit of its own.',
    }),
  },
  { title: 'InitiatorRequest' },
)

export const InitiatorSchema = decodesTo<Initiator>()(
  Type.Object(
    {
      id: initiator(),
      name: Type.String(),
      project: Type.String(),
      maxAttachments: Type.Integer(),
      registeredAt: time(),
    },
    { title: 'Initiator' },
  ),
)

const params = Type.Object({ initiatorId: initiatorId() })

export const initiatorCalls = {
  registerInitiator: describe({
    method: 'PUT',
    path: '/initiators/:initiatorId',
    summary: 'Registers an initiator and makes its credentials, or changes what it said before.',
    params,
    body: InitiatorRequest,
    answer: InitiatorSchema,
  }),
  getInitiator: describe({
    method: 'GET',
    path: '/initiators/:initiatorId',
    summary: 'Gives one initiator.',
    params,
    answer: InitiatorSchema,
  }),
  listInitiators: describe({
    method: 'GET',
    path: '/initiators',
    summary: 'Lists initiators.',
    query: listQuery({}),
    answer: pageOf(InitiatorSchema, 'Initiator'),
  }),
  removeInitiator: describe({
    method: 'DELETE',
    path: '/initiators/:initiatorId',
    summary: 'Removes an initiator that holds no disk. No error when it is gone.',
    params,
  }),
}

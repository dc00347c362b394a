import { Type } from 'typebox'
import type { Attachment, Connection } from '../../volumegroups/index.ts'
import { describe } from './calls.ts'
import { diskId, initiator } from './disks.ts'
import { initiatorId } from './initiators.ts'
import { bytes, decodesTo, listQuery, pageOf, request, time } from './wire.ts'

export const AttachmentSchema = decodesTo<Attachment>()(
  Type.Object(
    {
      diskId: diskId(),
      initiatorId: initiator(),
      readOnly: Type.Boolean(),
      shared: Type.Boolean(),
      targetName: Type.String(),
      lun: Type.Integer(),
      grantedAt: time(),
    },
    { title: 'Attachment' },
  ),
)

const Account = Type.Object({ user: Type.String(), secret: Type.String() })
const Chap = Type.Object(
  { ...Account.properties, mutual: Type.Optional(Account) },
  { title: 'ChapCredentials' },
)

export const ConnectionSchema = decodesTo<Connection>()(
  Type.Object(
    {
      diskId: diskId(),
      initiatorName: Type.String(),
      targetName: Type.String(),
      portals: Type.Array(
        Type.Object({ address: Type.String(), port: Type.Integer(), groupTag: Type.Integer() }),
      ),
      lun: Type.Integer(),
      serial: Type.String(),
      naa: Type.String(),
      sizeBytes: bytes(),
      readOnly: Type.Boolean(),
      shared: Type.Boolean(),
      grantedAt: time(),
      chap: Type.Optional(Chap),
    },
    { title: 'Connection' },
  ),
)

const path = '/disks/:diskId/attachments/:initiatorId'
const params = Type.Object({ diskId: diskId(), initiatorId: initiatorId() })

export const attachmentCalls = {
  grant: describe({
    method: 'PUT',
    path,
    summary: 'Grants a disk to an initiator. When it answers, the initiator can log in and reach the disk.',
    params,
    body: request({ readOnly: Type.Boolean(), shared: Type.Boolean() }, { title: 'AttachmentRequest' }),
    answer: AttachmentSchema,
  }),
  revoke: describe({
    method: 'DELETE',
    path,
    summary: 'Takes a disk from an initiator. When it answers, no I/O of that initiator can reach the disk.',
    params,
  }),
  revokeAll: describe({
    method: 'DELETE',
    path: '/disks/:diskId/attachments',
    summary: 'Takes a disk from every initiator that holds it.',
    params: Type.Object({ diskId: diskId() }),
  }),
  connection: describe({
    method: 'GET',
    path: `${path}/connection`,
    summary: 'Says how the initiator reaches the disk, with its credentials.',
    params,
    answer: ConnectionSchema,
  }),
  listAttachments: describe({
    method: 'GET',
    path: '/attachments',
    summary: 'Lists attachments.',
    query: listQuery({ diskId: Type.Optional(diskId()), initiatorId: Type.Optional(initiatorId()) }),
    answer: pageOf(AttachmentSchema, 'Attachment'),
  }),
}

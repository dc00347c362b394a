import type { VolumeGroups } from '../../volumegroups/index.ts'
import type { Caller } from './caller.ts'

type Calls =
  | 'registerInitiator'
  | 'getInitiator'
  | 'listInitiators'
  | 'renewLease'
  | 'removeInitiator'
  | 'grant'
  | 'revoke'
  | 'listAttachments'
  | 'connection'

/** The part of the endpoint that is about initiators, and the disks that they have. */
export const attachmentEndpoint = (call: Caller): Pick<VolumeGroups, Calls> => ({
  registerInitiator: ({ id: initiatorId, ...body }, options) =>
    call('registerInitiator', { params: { initiatorId }, body }, options),
  getInitiator: (initiatorId, options) => call('getInitiator', { params: { initiatorId } }, options),
  listInitiators: (query = {}, options) => call('listInitiators', { query }, options),
  renewLease: ({ initiatorId, serves, ...body }, options) =>
    call(
      'renewLease',
      { params: { initiatorId }, body: { ...body, ...(serves && { serves: [...serves] }) } },
      options,
    ),
  removeInitiator: (initiatorId, options) => call('removeInitiator', { params: { initiatorId } }, options),

  grant: ({ diskId, initiatorId, ...body }, options) =>
    call('grant', { params: { diskId, initiatorId }, body }, options),
  revoke: (diskId, initiatorId, options) =>
    initiatorId === undefined
      ? call('revokeAll', { params: { diskId } }, options)
      : call('revoke', { params: { diskId, initiatorId } }, options),
  listAttachments: (query = {}, options) => call('listAttachments', { query }, options),
  connection: (diskId, initiatorId, options) =>
    call('connection', { params: { diskId, initiatorId } }, options),
})

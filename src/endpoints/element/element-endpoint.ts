import type { VolumeGroups } from '../../volumegroups/index.ts'
import { createCaller } from './caller.ts'
import { policyEndpoint } from './policies.ts'
import { projectEndpoint } from './projects.ts'
import { createTransport, type ElementAddress, type TransportOptions } from './transport.ts'

export type { ElementAddress } from './transport.ts'

/** The element behind its REST API. Disposing of it closes the connections. */
export type ElementEndpoint = VolumeGroups & AsyncDisposable

/** A client of one element: every method does one call, and keeps all that the port promises. */
export function createElementEndpoint(
  address: ElementAddress,
  options: TransportOptions = {},
): ElementEndpoint {
  const transport = createTransport(address, options)
  const call = createCaller(transport)
  return {
    status: (options) => call('status', {}, options),
    capacity: (options) => call('capacity', {}, options),

    ...projectEndpoint(call),

    createGroup: (body, options) => call('createGroup', { body }, options),
    getGroup: (groupId, options) => call('getGroup', { params: { groupId } }, options),
    listGroups: (query = {}, options) => call('listGroups', { query }, options),
    updateGroup: (groupId, body, options) => call('updateGroup', { params: { groupId }, body }, options),
    moveGroup: (groupId, project, options) =>
      call('moveGroup', { params: { groupId }, body: { project } }, options),
    deleteGroup: (groupId, options) => call('deleteGroup', { params: { groupId } }, options),

    createDisk: (body, options) => call('createDisk', { body }, options),
    getDisk: (diskId, options) => call('getDisk', { params: { diskId } }, options),
    listDisks: (query = {}, options) => call('listDisks', { query }, options),
    growDisk: (diskId, body, options) => call('growDisk', { params: { diskId }, body }, options),
    deleteDisk: (diskId, options) => call('deleteDisk', { params: { diskId } }, options),

    createRecoveryPoint: (body, options) => call('createRecoveryPoint', { body }, options),
    getRecoveryPoint: (recoveryPointId, options) =>
      call('getRecoveryPoint', { params: { recoveryPointId } }, options),
    listRecoveryPoints: (query = {}, options) => call('listRecoveryPoints', { query }, options),
    listDiskImages: (query = {}, options) => call('listDiskImages', { query }, options),
    createGroupPoint: ({ groupId, ...body }, options) =>
      call('createGroupPoint', { params: { groupId }, body }, options),
    updateRecoveryPoint: (recoveryPointId, body, options) =>
      call('updateRecoveryPoint', { params: { recoveryPointId }, body }, options),
    unlockRecoveryPoint: (recoveryPointId, why, options) =>
      call('unlockRecoveryPoint', { params: { recoveryPointId }, body: { why } }, options),
    deleteRecoveryPoint: (recoveryPointId, options) =>
      call('deleteRecoveryPoint', { params: { recoveryPointId } }, options),
    revertGroup: (recoveryPointId, keepAs, options) =>
      call('revertGroup', { params: { recoveryPointId }, body: { keepAs } }, options),
    restoreGroup: (recoveryPointId, body, options) =>
      call('restoreGroup', { params: { recoveryPointId }, body }, options),
    groupSpace: (groupId, options) => call('groupSpace', { params: { groupId } }, options),
    allocated: (params, query = {}, options) => call('allocated', { params, query }, options),
    delta: ({ base, target: recoveryPointId, diskId }, query = {}, options) =>
      call('delta', { params: { recoveryPointId, diskId }, query: { base, ...query } }, options),

    registerInitiator: ({ id: initiatorId, ...body }, options) =>
      call('registerInitiator', { params: { initiatorId }, body }, options),
    getInitiator: (initiatorId, options) => call('getInitiator', { params: { initiatorId } }, options),
    listInitiators: (query = {}, options) => call('listInitiators', { query }, options),
    renewLease: ({ initiatorId, ...body }, options) =>
      call('renewLease', { params: { initiatorId }, body }, options),
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

    getOperation: (operationId, options) => call('getOperation', { params: { operationId } }, options),
    listOperations: (query = {}, options) => call('listOperations', { query }, options),

    ...policyEndpoint(call),

    createBackup: (options) => call('createBackup', {}, options),
    listBackups: (query = {}, options) => call('listBackups', { query }, options),

    getRecovery: (recoveryId, options) => call('getRecovery', { params: { recoveryId } }, options),
    listRecoveries: (query = {}, options) => call('listRecoveries', { query }, options),

    [Symbol.asyncDispose]: () => transport.close(),
  }
}

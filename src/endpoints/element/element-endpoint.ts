import type { VolumeGroups } from '../../volumegroups/index.ts'
import { attachmentEndpoint } from './attachments.ts'
import { createCaller } from './caller.ts'
import { deletionEndpoint } from './deletions.ts'
import { createFailover, type FailoverOptions } from './failover.ts'
import { policyEndpoint } from './policies.ts'
import { projectEndpoint } from './projects.ts'
import { recoveryPointEndpoint } from './recovery-points.ts'
import { createTransport, type ElementAddress, type Transport, type TransportOptions } from './transport.ts'

export type { ElementAddress } from './transport.ts'

/** The element behind its REST API. Disposing of it closes the connections. */
export type ElementEndpoint = VolumeGroups & AsyncDisposable

/** A client of one element: every method does one call, and keeps all that the port promises. */
export function createElementEndpoint(
  address: ElementAddress,
  options: TransportOptions = {},
): ElementEndpoint {
  return endpointOver(createTransport(address, options))
}

/** The same over several endpoints of that element, the preferred ones first. */
export const createElementEndpoints = (
  addresses: readonly ElementAddress[],
  options: FailoverOptions = {},
): ElementEndpoint => endpointOver(createFailover(addresses, options))

function endpointOver(transport: Transport): ElementEndpoint {
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

    createDisk: (body, options) => call('createDisk', { body }, options),
    getDisk: (diskId, options) => call('getDisk', { params: { diskId } }, options),
    listDisks: (query = {}, options) => call('listDisks', { query }, options),
    growDisk: (diskId, body, options) => call('growDisk', { params: { diskId }, body }, options),
    ...deletionEndpoint(call),

    ...recoveryPointEndpoint(call),
    ...attachmentEndpoint(call),

    getOperation: (operationId, options) => call('getOperation', { params: { operationId } }, options),
    listOperations: (query = {}, options) => call('listOperations', { query }, options),

    ...policyEndpoint(call),

    createBackup: (options) => call('createBackup', {}, options),
    listBackups: (query = {}, options) => call('listBackups', { query }, options),

    getRecovery: (recoveryId, options) => call('getRecovery', { params: { recoveryId } }, options),
    listRecoveries: (query = {}, options) => call('listRecoveries', { query }, options),

    audit: (options) => call('audit', {}, options),

    [Symbol.asyncDispose]: () => transport.close(),
  }
}

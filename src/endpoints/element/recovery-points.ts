import type { VolumeGroups } from '../../volumegroups/index.ts'
import type { Caller } from './caller.ts'

type Calls =
  | 'createRecoveryPoint'
  | 'getRecoveryPoint'
  | 'listRecoveryPoints'
  | 'listDiskImages'
  | 'createGroupPoint'
  | 'updateRecoveryPoint'
  | 'unlockRecoveryPoint'
  | 'deleteRecoveryPoint'
  | 'revertGroup'
  | 'restoreGroup'
  | 'groupSpace'
  | 'allocated'
  | 'delta'

/** The part of the endpoint that is about recovery points, and what they hold. */
export const recoveryPointEndpoint = (call: Caller): Pick<VolumeGroups, Calls> => ({
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
})

import type { Deletions } from '../../volumegroups/index.ts'
import type { Caller } from './caller.ts'

/** The part of the port that is about what was deleted. */
export const deletionEndpoint = (call: Caller): Deletions => ({
  deleteGroup: (groupId, query = {}, options) => call('deleteGroup', { params: { groupId }, query }, options),
  deleteDisk: (diskId, query = {}, options) => call('deleteDisk', { params: { diskId }, query }, options),
  undeleteGroup: (groupId, body = {}, options) =>
    call('undeleteGroup', { params: { groupId }, body }, options),
  undeleteDisk: (diskId, body = {}, options) => call('undeleteDisk', { params: { diskId }, body }, options),
  listDeleted: (query = {}, options) => call('listDeleted', { query }, options),
  purgeDeleted: (deletedId, options) => call('purgeDeleted', { params: { deletedId } }, options),
})

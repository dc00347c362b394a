import { diskIds, type Policies } from '../../volumegroups/index.ts'
import type { Caller } from './caller.ts'

export function policyEndpoint(call: Caller): Policies {
  return {
    createPolicy: (body, options) => call('createPolicy', { body }, options),
    getPolicy: (policyId, options) => call('getPolicy', { params: { policyId } }, options),
    listPolicies: (query = {}, options) => call('listPolicies', { query }, options),
    updatePolicy: (policyId, body, options) => call('updatePolicy', { params: { policyId }, body }, options),
    deletePolicy: (policyId, options) => call('deletePolicy', { params: { policyId } }, options),
    assignPolicy: (body, options) => call('assignPolicy', { body }, options),
    unassignPolicy: (target, kind, options) => call('unassignPolicy', { query: { target, kind } }, options),
    listPolicyAssignments: (query = {}, options) => call('listPolicyAssignments', { query }, options),
    getSchedule: (groupId, options) => call('getSchedule', { params: { groupId } }, options),
    listSchedules: (query = {}, options) => call('listSchedules', { query }, options),
    effectivePolicies: (of, options) =>
      diskIds.is(of)
        ? call('diskPolicies', { params: { diskId: of } }, options)
        : call('groupPolicies', { params: { groupId: of } }, options),
  }
}

import type { VolumeGroups } from '../../volumegroups/index.ts'
import type { Serve } from '../serve.ts'

export function policyRoutes(serve: Serve, groups: VolumeGroups): void {
  serve('createPolicy', ({ body }, call) => groups.createPolicy(body, call))
  serve('getPolicy', ({ params }, call) => groups.getPolicy(params.policyId, call))
  serve('listPolicies', ({ query }, call) => groups.listPolicies(query, call))
  serve('updatePolicy', ({ params, body }, call) => groups.updatePolicy(params.policyId, body, call))
  serve('deletePolicy', ({ params }, call) => groups.deletePolicy(params.policyId, call))
  serve('assignPolicy', ({ body }, call) => groups.assignPolicy(body, call))
  serve('unassignPolicy', ({ query }, call) => groups.unassignPolicy(query.target, query.kind, call))
  serve('listPolicyAssignments', ({ query }, call) => groups.listPolicyAssignments(query, call))
  serve('groupPolicies', ({ params }, call) => groups.effectivePolicies(params.groupId, call))
  serve('getSchedule', ({ params }, call) => groups.getSchedule(params.groupId, call))
  serve('listSchedules', ({ query }, call) => groups.listSchedules(query, call))
  serve('diskPolicies', ({ params }, call) => groups.effectivePolicies(params.diskId, call))
}

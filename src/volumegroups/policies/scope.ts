import type { Reader } from '../database.ts'
import { isWithin } from '../rules/projects.ts'
import type { ProjectPath } from '../types.ts'
import type { PolicyReader } from './database.ts'

/** The policies that a caller of one project finds; what applies to its groups from above, it is told too. */
export function scopedPolicies(reader: Reader, within: ProjectPath): PolicyReader {
  return {
    policy: async (id) => {
      const found = await reader.policy(id)
      return found && isWithin(found.project, within) ? found : undefined
    },
    policyNamed: async (project, name) =>
      isWithin(project, within) ? reader.policyNamed(project, name) : undefined,
    policies: (query, slice) => reader.policies({ ...query, within }, slice),
    policyAssignments: (query, slice) => reader.policyAssignments({ ...query, within }, slice),
    policySettings: async (targets = []) => reader.policySettings(targets),
    plan: async (id) => {
      const group = await reader.group(id)
      return group && isWithin(group.project, within) ? reader.plan(id) : undefined
    },
    plans: (query, slice) => reader.plans({ ...query, within }, slice),
    // Only the scheduler and the figures ask for these, and they are nobody's caller.
    missedPlans: async () => [],
    schedulables: async () => [],
    groupsWithExpired: async () => [],
  }
}

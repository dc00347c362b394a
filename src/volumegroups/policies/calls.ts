import type { Reader } from '../database.ts'
import { Violations } from '../errors.ts'
import { type DiskId, diskIds, type VolumeGroupId } from '../ids.ts'
import { notFound, type operationsOf } from '../operations/index.ts'
import type { CallOptions } from '../ports.ts'
import { pageOf } from '../rules/pages.ts'
import { checkProject } from '../rules/requests.ts'
import type { Runner } from '../scope.ts'
import type { VolumeGroup } from '../types.ts'
import { checkPolicy, checkSettings } from './check.ts'
import { effectivePolicies, placeOf, policyBook, targetsOf } from './effective.ts'
import { type SchedulePlan, scheduleState } from './plans.ts'
import type { Policies } from './port.ts'

type Changes = 'createPolicy' | 'updatePolicy' | 'deletePolicy' | 'assignPolicy' | 'unassignPolicy'

export function policyChanges(
  journal: Runner,
  operations: ReturnType<typeof operationsOf>,
): Pick<Policies, Changes> {
  const optionsOf = (call: CallOptions = {}) => ({ key: call.idempotencyKey, signal: call.signal })
  return {
    createPolicy: async (spec, call) => {
      checkPolicy(spec)
      return journal.run(operations.createPolicy, spec, optionsOf(call))
    },
    updatePolicy: async (id, settings, call) => {
      const faults = new Violations()
      checkSettings(faults, settings)
      faults.throwIfAny()
      return journal.run(operations.updatePolicy, { id, settings }, optionsOf(call))
    },
    deletePolicy: (id, call) => journal.run(operations.deletePolicy, id, optionsOf(call)),
    assignPolicy: async (setting, call) => {
      const faults = new Violations()
      if (setting.target.kind === 'project') checkProject(faults, setting.target.path)
      faults.throwIfAny()
      return journal.run(operations.assignPolicy, setting, optionsOf(call))
    },
    unassignPolicy: (target, kind, call) =>
      journal.run(operations.unassignPolicy, { target, kind }, optionsOf(call)),
  }
}

type Reads = Exclude<keyof Policies, Changes>

export function policyReads(reader: Reader, now: () => Date): Pick<Policies, Reads> {
  return {
    getPolicy: async (id) => {
      const policy = await reader.policy(id)
      if (policy === undefined) throw notFound({ kind: 'policy', id })
      return policy
    },
    listPolicies: (query = {}) =>
      pageOf(query, {
        name: 'policies',
        cursorOf: ({ createdAt, id }) => ({ atMs: createdAt.getTime(), keys: [id] }),
        read: (slice) => reader.policies(query, slice),
      }),
    listPolicyAssignments: (query = {}) =>
      pageOf(query, {
        name: 'policyAssignments',
        cursorOf: ({ setAt, target, kind }) => ({ atMs: setAt.getTime(), keys: [placeOf(target), kind] }),
        read: (slice) => reader.policyAssignments(query, slice),
      }),
    effectivePolicies: async (of) => {
      const group = await groupOf(reader, of)
      return effectivePolicies(group, policyBook(await reader.policySettings(targetsOf(group))))
    },
    getSchedule: async (id) => {
      const group = await groupOf(reader, id)
      return scheduleState(group.id, await reader.plan(id), now())
    },
    listSchedules: async (query = {}) => {
      const at = now()
      const page = await pageOf<SchedulePlan>(query, {
        name: 'schedules',
        cursorOf: ({ dueAt, groupId }) => ({ atMs: dueAt.getTime(), keys: [groupId] }),
        read: (slice) => reader.plans({ state: query.state, now: at }, slice),
      })
      return { ...page, items: page.items.map((plan) => scheduleState(plan.groupId, plan, at)) }
    },
  }
}

async function groupOf(reader: Reader, of: VolumeGroupId | DiskId): Promise<VolumeGroup> {
  const disk = diskIds.is(of) ? await reader.disk(of) : undefined
  if (diskIds.is(of) && disk === undefined) throw notFound({ kind: 'disk', id: of })
  const id = disk?.groupId ?? (of as VolumeGroupId)
  const group = await reader.group(id)
  if (group === undefined) throw notFound({ kind: 'volumeGroup', id })
  return group
}

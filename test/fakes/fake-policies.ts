import { isDeepStrictEqual } from 'node:util'
import {
  type AssignmentFilter,
  type DiskId,
  diskIds,
  type EffectivePolicies,
  type Page,
  type PageQuery,
  type Policy,
  type PolicyAssignment,
  type PolicyFilter,
  type PolicyId,
  type PolicyKind,
  type PolicySetting,
  type PolicySettings,
  type PolicySpec,
  type PolicyTarget,
  policyIds,
  type ScheduleState,
  scheduleState,
  type VolumeGroup,
  type VolumeGroupId,
} from '../../src/volumegroups/index.ts'
import { settingsOf } from '../../src/volumegroups/operations/createPolicy.ts'
import {
  ancestryOf,
  effectivePolicies,
  placeOf,
  policyBook,
} from '../../src/volumegroups/policies/effective.ts'
import { type FakeState, fail } from './fake-state.ts'
import { FakeTable } from './fake-table.ts'

/** The policies of an element of fakes. */
export class FakePolicies {
  readonly #state: FakeState
  readonly #policies = new FakeTable<Policy>('policies')
  readonly #assignments = new FakeTable<PolicyAssignment>('policy assignments')

  constructor(state: FakeState) {
    this.#state = state
  }

  create(spec: PolicySpec): Policy {
    const { name, project } = spec
    const known = this.#policies.find((policy) => policy.project === project && policy.name === name)
    if (known === undefined) {
      const id = policyIds.create()
      const made = { id, name, project, generation: 1, createdAt: new Date() }
      return this.#policies.put(id, { ...made, ...settingsOf(spec) })
    }
    if (isDeepStrictEqual(settingsOf(known), settingsOf(spec))) return known
    return fail('NAME_TAKEN', { kind: 'policy', id: known.id })
  }

  get(id: PolicyId): Policy {
    return this.#policies.get(id) ?? fail('POLICY_NOT_FOUND', { kind: 'policy', id })
  }

  list(query: PageQuery & PolicyFilter): Page<Policy> {
    const { project, kind } = query
    return this.#policies.page(
      query,
      (policy) => (project ?? policy.project) === policy.project && (kind ?? policy.kind) === policy.kind,
    )
  }

  update(id: PolicyId, settings: PolicySettings): Policy {
    const policy = this.get(id)
    if (policy.kind !== settings.kind) fail('POLICY_KIND_DIFFERS', { kind: 'policy', id })
    if (isDeepStrictEqual(settingsOf(policy), settingsOf(settings))) return policy
    return this.#policies.put(id, { ...policy, ...settingsOf(settings), generation: policy.generation + 1 })
  }

  delete(id: PolicyId): void {
    const set = this.#set().filter(({ policyId }) => policyId === id)
    if (set.length > 0) fail('POLICY_IN_USE', { kind: 'policy', id })
    this.#policies.delete(id)
  }

  assign({ target, kind, policyId }: PolicySetting): PolicyAssignment {
    const project = target.kind === 'project' ? target.path : this.#state.group(target.id).project
    const policy = policyId && this.#policies.get(policyId)
    if (policyId && !(policy && ancestryOf(project).includes(policy.project))) {
      fail('POLICY_NOT_FOUND', { kind: 'policy', id: policyId })
    }
    if (policy && policy.kind !== kind) fail('POLICY_KIND_DIFFERS', { kind: 'policy', id: policy.id })
    this.unassign(target, kind)
    return this.#assignments.put(keyOf(target, kind), { target, kind, policyId, setAt: new Date() })
  }

  unassign(target: PolicyTarget, kind: PolicyKind): void {
    this.#assignments.delete(keyOf(target, kind))
  }

  assignments(query: PageQuery & AssignmentFilter): Page<PolicyAssignment> {
    const set = new Set(this.#set())
    return this.#assignments.page(
      query,
      (one) => set.has(one) && (query.policyId ?? one.policyId) === one.policyId,
    )
  }

  effective(of: VolumeGroupId | DiskId): EffectivePolicies {
    const group: VolumeGroup = this.#state.group(diskIds.is(of) ? this.#state.disk(of).groupId : of)
    return effectivePolicies(
      group,
      policyBook({ settings: this.#set(), policies: this.#policies.filter(() => true) }),
    )
  }

  /** Nothing is scheduled here. */
  schedule(id: VolumeGroupId): ScheduleState {
    return scheduleState(this.#state.group(id).id, undefined, new Date())
  }

  /** A setting goes with the group that it is on. */
  #set(): PolicyAssignment[] {
    return this.#assignments.filter(
      ({ target }) => target.kind === 'project' || this.#state.groups.get(target.id) !== undefined,
    )
  }
}

const keyOf = (target: PolicyTarget, kind: PolicyKind): string => `${kind} ${placeOf(target)}`

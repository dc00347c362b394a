import { isDeepStrictEqual } from 'node:util'
import {
  type AssignmentFilter,
  type DiskId,
  diskIds,
  type EffectivePolicies,
  type GroupChanges,
  type Page,
  type PageQuery,
  POLICY_FIELDS,
  type Policy,
  type PolicyAssignment,
  type PolicyChoice,
  type PolicyFilter,
  type PolicyId,
  type PolicyKind,
  type PolicySetting,
  type PolicySettings,
  type PolicySpec,
  type PolicyTarget,
  type ProjectPath,
  policyIds,
  type ScheduleState,
  scheduleState,
  Violations,
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
  readonly #schedules = new FakeTable<ScheduleState>('schedules')
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

  /** A change of nothing is none. */
  change(id: VolumeGroupId, changes: GroupChanges): VolumeGroup {
    const { generation, labels } = this.#state.group(id)
    const before = this.#on(id)
    const group = this.setAll(id, changes)
    const isSame = isDeepStrictEqual([before, labels], [this.#on(id), group.labels])
    return isSame ? group : this.#state.groups.put(id, { ...group, generation: generation + 1 })
  }

  #on(id: VolumeGroupId): unknown[] {
    const set = this.#set().filter(({ target }) => target.kind === 'volumeGroup' && target.id === id)
    return set.map(({ kind, policyId }) => [kind, policyId]).sort()
  }

  /** Sets what is asked for; every policy is looked for before the first is set. */
  setAll(id: VolumeGroupId, changes: GroupChanges): VolumeGroup {
    const group = this.#state.group(id)
    const settings = this.#settingsFor(group, changes)
    for (const { kind, inherited, policyId } of settings) {
      const target = { kind: 'volumeGroup', id } as const
      if (inherited) this.unassign(target, kind)
      else this.assign({ target, kind, policyId })
    }
    return this.#state.groups.put(id, { ...group, labels: changes.labels ?? group.labels })
  }

  /** Refuses policies that there are not. */
  check(project: ProjectPath, changes: GroupChanges): void {
    this.#settingsFor({ project }, changes)
  }

  #settingsFor({ project }: Pick<VolumeGroup, 'project'>, changes: GroupChanges) {
    const faults = new Violations()
    const settings = POLICY_FIELDS.flatMap(([field, kind]) => {
      const choice = changes[field]
      if (choice === undefined) return []
      const policyId = this.#chosen(project, kind, choice)
      const isNamed = choice.kind === 'policy' || choice.kind === 'named'
      if (isNamed && policyId === undefined) {
        const named = choice.kind === 'named' ? JSON.stringify(choice.name) : choice.id
        faults.add(field, 'INVALID_ARGUMENT', `${field}: there is no ${kind} policy ${named} there`)
      }
      return [{ kind, inherited: choice.kind === 'inherited', policyId }]
    })
    faults.throwIfAny()
    return settings
  }

  #chosen(project: ProjectPath, kind: PolicyKind, choice: PolicyChoice): PolicyId | undefined {
    const within = ancestryOf(project)
    const isMeant = (policy: Policy): boolean =>
      (choice.kind === 'policy' && policy.id === choice.id) ||
      (choice.kind === 'named' && policy.name === choice.name)
    const found = this.#policies.filter(
      (policy) => policy.kind === kind && within.includes(policy.project) && isMeant(policy),
    )
    return found.sort((a, b) => b.project.length - a.project.length)[0]?.id
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
  schedules(query: PageQuery): Page<ScheduleState> {
    return this.#schedules.page(query, () => true)
  }

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

import { randomUUID } from 'node:crypto'
import { isDeepStrictEqual } from 'node:util'
import {
  type AssignmentFilter,
  type Attachment,
  type Audit,
  type Backup,
  type CallOptions,
  type Connection,
  DEFAULT_LEASE_TIMES,
  type DeletedFilter,
  type DeletedThing,
  type DeleteOptions,
  type Disk,
  type DiskFilter,
  type DiskId,
  type DiskImage,
  type DiskImageFilter,
  type DiskSpec,
  type EffectivePolicies,
  type ElementStatus,
  type GrantSpec,
  type GroupChanges,
  type GroupPointSpec,
  type GroupSpace,
  type GroupSpec,
  type ImagePair,
  type ImageRef,
  type Initiator,
  type InitiatorId,
  type InitiatorSpec,
  type Lease,
  type LeaseRenewal,
  leaseTerms,
  type MadeToken,
  type Operation,
  type OperationId,
  operationIds,
  type Page,
  type PageQuery,
  type PointTerms,
  type Policy,
  type PolicyAssignment,
  type PolicyFilter,
  type PolicyId,
  type PolicyKind,
  type PolicySetting,
  type PolicySettings,
  type PolicySpec,
  type PolicyTarget,
  type PoolCapacity,
  type Project,
  type ProjectFilter,
  type ProjectId,
  type ProjectPath,
  type Ranges,
  type RangesQuery,
  type RecoveryId,
  type RecoveryPoint,
  type RecoveryPointId,
  type RecoveryPointSpec,
  type RecoveryReport,
  type RecoverySummary,
  type ScheduleFilter,
  type ScheduleState,
  type SizeRange,
  StorageError,
  type Token,
  type TokenId,
  type TokenSpec,
  type UndeleteOptions,
  type VolumeGroup,
  type VolumeGroupId,
  type VolumeGroups,
} from '../../src/volumegroups/index.ts'
import { checkPolicy } from '../../src/volumegroups/policies/check.ts'
import { refuseLocked } from '../../src/volumegroups/rules/locks.ts'
import { rangesPage } from '../../src/volumegroups/rules/ranges.ts'
import {
  checkDisk,
  checkGroup,
  checkGroupChanges,
  checkGroupPoint,
  checkGrowth,
  checkInitiator,
  checkKeepAs,
  checkPath,
  checkRecoveryPoint,
  checkRenewal,
  checkTerms,
  checkToken,
  checkWhy,
} from '../../src/volumegroups/rules/requests.ts'
import { FakeDeletions } from './fake-deletions.ts'
import { FakePolicies } from './fake-policies.ts'
import { FakeState, fail, type StoredDisk } from './fake-state.ts'
import { FakeTable } from './fake-table.ts'

export interface FakeOptions {
  /** The pool's size; disks are thick here, so that it can be full. Default: 1 PiB. */
  readonly totalBytes?: bigint
  readonly site?: string
  readonly name?: string
}

/** The domain port in memory: every rule of the real thing, no storage behind it. */
export class FakeVolumeGroups implements VolumeGroups {
  readonly #options: Required<FakeOptions>
  readonly #startedAt = new Date()
  readonly #elementId = randomUUID()
  readonly #state: FakeState
  readonly #policies: FakePolicies
  readonly #deletions: FakeDeletions
  readonly #backups = new FakeTable<Backup>('backups')
  /** What a test wants told. */
  /** What an audit finds. */
  found: Audit = { at: new Date(), durationMs: 1, findings: [], count: 0, sweeps: [] }
  readonly recoveries = new FakeTable<RecoveryReport>('recoveries')
  readonly #operations = new FakeTable<Operation>('operations')
  readonly #requests = new Map<string, unknown>()

  constructor(options: FakeOptions = {}) {
    this.#options = { totalBytes: 1024n ** 5n, site: 'site-1', name: 'element-1', ...options }
    this.#state = new FakeState(this.#options.totalBytes)
    this.#policies = new FakePolicies(this.#state)
    this.#deletions = new FakeDeletions(this.#state)
  }

  async status(call?: CallOptions): Promise<ElementStatus> {
    heed(call)
    const { site, name } = this.#options
    return {
      ...{ elementId: this.#elementId, name, site, version: '0.0.0', state: 'ready' },
      startedAt: this.#startedAt,
      authority: { mode: 'bounded', state: 'held', since: this.#startedAt, boundMs: 18_000, serving: true },
      lease: leaseTerms(DEFAULT_LEASE_TIMES),
    }
  }

  async capacity(call?: CallOptions): Promise<PoolCapacity> {
    heed(call)
    return this.#state.capacity()
  }

  async createGroup(spec: GroupSpec, call?: CallOptions): Promise<VolumeGroup> {
    return this.#mutate('createGroup', spec, call, () => {
      checkGroup(spec)
      this.#state.projects.ensure(spec)
      return this.#state.groupNamed(spec.project, spec.name) ?? this.#state.addGroup(spec.project, spec.name)
    })
  }

  async getGroup(id: VolumeGroupId, call?: CallOptions): Promise<VolumeGroup> {
    heed(call)
    return this.#state.group(id)
  }

  async listGroups(
    query: PageQuery & { name?: string | undefined } = {},
    call?: CallOptions,
  ): Promise<Page<VolumeGroup>> {
    heed(call)
    return this.#state.groups.page(query, (group) => isOrAny(query.name, group.name))
  }

  async updateGroup(id: VolumeGroupId, changes: GroupChanges, call?: CallOptions): Promise<VolumeGroup> {
    return this.#mutate('updateGroup', { id, changes }, call, () => {
      checkGroupChanges(changes)
      return this.#policies.change(id, changes)
    })
  }

  async createProject(path: ProjectPath, call?: CallOptions): Promise<Project> {
    return this.#mutate('createProject', { path }, call, () => {
      checkPath('path', path)
      return this.#state.projects.create(path)
    })
  }

  async getProject(id: ProjectId, call?: CallOptions): Promise<Project> {
    heed(call)
    return this.#state.projects.get(id)
  }

  async listProjects(query: ProjectFilter = {}, call?: CallOptions): Promise<Page<Project>> {
    heed(call)
    return this.#state.projects.list(query)
  }

  async moveProject(id: ProjectId, path: ProjectPath, call?: CallOptions): Promise<Project> {
    return this.#mutate('moveProject', { id, path }, call, () => {
      checkPath('path', path)
      return this.#state.projects.move(id, path)
    })
  }

  async deleteProject(id: ProjectId, call?: CallOptions): Promise<void> {
    return this.#mutate('deleteProject', { id }, call, () => this.#state.projects.delete(id))
  }

  async moveGroup(id: VolumeGroupId, project: ProjectPath, call?: CallOptions): Promise<VolumeGroup> {
    return this.#mutate('moveGroup', { id, project }, call, () => {
      checkPath('project', project)
      return this.#state.projects.moveGroup(id, project)
    })
  }

  async createToken(spec: TokenSpec, call?: CallOptions): Promise<MadeToken> {
    return this.#mutate('createToken', spec, call, () => {
      checkToken(spec, new Date())
      return this.#state.projects.createToken(spec)
    })
  }

  async listTokens(query: PageQuery = {}, call?: CallOptions): Promise<Page<Token>> {
    heed(call)
    return this.#state.projects.tokens(query)
  }

  async createBackup(call?: CallOptions): Promise<Backup> {
    return this.#mutate('createBackup', {}, call, () => {
      const name = `element-${call?.idempotencyKey ?? randomUUID()}.db`
      const made = this.#backups.get(name)
      if (made !== undefined) return made
      return this.#backups.put(name, { name, reason: 'user', createdAt: new Date(), sizeBytes: 1n })
    })
  }

  async listBackups(query: PageQuery = {}, call?: CallOptions): Promise<Page<Backup>> {
    heed(call)
    return this.#backups.page(query, () => true)
  }

  async audit(call?: CallOptions): Promise<Audit> {
    heed(call)
    return this.found
  }

  async getRecovery(id: RecoveryId, call?: CallOptions): Promise<RecoveryReport> {
    heed(call)
    return this.recoveries.get(id) ?? fail('RECOVERY_NOT_FOUND', { kind: 'recovery', id }, 'there is none')
  }

  async listRecoveries(query: PageQuery = {}, call?: CallOptions): Promise<Page<RecoverySummary>> {
    heed(call)
    const { items, nextToken } = this.recoveries.page(query, () => true)
    return { items: items.map(({ decisions: _, ...summary }) => summary), nextToken }
  }

  async revokeToken(id: TokenId, call?: CallOptions): Promise<void> {
    return this.#mutate('revokeToken', { id }, call, () => this.#state.projects.revokeToken(id))
  }

  async deleteGroup(id: VolumeGroupId, options: DeleteOptions = {}, call?: CallOptions): Promise<void> {
    return this.#mutate('deleteGroup', { id, ...options }, call, () =>
      this.#deletions.deleteGroup(id, options),
    )
  }

  async deleteDisk(id: DiskId, options: DeleteOptions = {}, call?: CallOptions): Promise<void> {
    return this.#mutate('deleteDisk', { id, ...options }, call, () => this.#deletions.deleteDisk(id, options))
  }

  async undeleteGroup(
    id: VolumeGroupId,
    options: UndeleteOptions = {},
    call?: CallOptions,
  ): Promise<VolumeGroup> {
    return this.#mutate('undeleteGroup', { id, ...options }, call, () =>
      this.#deletions.undeleteGroup(id, options),
    )
  }

  async undeleteDisk(id: DiskId, options: UndeleteOptions = {}, call?: CallOptions): Promise<Disk> {
    return this.#mutate('undeleteDisk', { id, ...options }, call, () =>
      this.#deletions.undeleteDisk(id, options),
    )
  }

  async listDeleted(query: DeletedFilter = {}, call?: CallOptions): Promise<Page<DeletedThing>> {
    heed(call)
    return this.#deletions.list(query)
  }

  async purgeDeleted(id: DiskId | VolumeGroupId, call?: CallOptions): Promise<void> {
    return this.#mutate('purgeDeleted', { id }, call, () => this.#deletions.purge(id))
  }

  async createDisk(spec: DiskSpec, call?: CallOptions): Promise<Disk> {
    return this.#mutate('createDisk', spec, call, () => {
      checkDisk(spec)
      return this.#state.diskFor(spec, this.#policies)
    })
  }

  async getDisk(id: DiskId, call?: CallOptions): Promise<Disk> {
    heed(call)
    return this.#state.view(this.#state.disk(id))
  }

  async listDisks(query: DiskFilter = {}, call?: CallOptions): Promise<Page<Disk>> {
    heed(call)
    const matches = (disk: StoredDisk) =>
      isOrAny(query.groupId, disk.groupId) && isOrAny(query.name, disk.name)
    const { items, nextToken } = this.#state.disks.page(query, matches)
    return { items: items.map((disk) => this.#state.view(disk)), nextToken }
  }

  async growDisk(id: DiskId, size: SizeRange, call?: CallOptions): Promise<Disk> {
    return this.#mutate('growDisk', { id, size }, call, () => {
      checkGrowth(size)
      return this.#state.grow(id, size)
    })
  }

  async createRecoveryPoint(spec: RecoveryPointSpec, call?: CallOptions): Promise<RecoveryPoint> {
    return this.#mutate('createRecoveryPoint', spec, call, () => {
      checkRecoveryPoint(spec, new Date())
      return this.#state.recoveryPoint(spec)
    })
  }

  async getRecoveryPoint(id: RecoveryPointId, call?: CallOptions): Promise<RecoveryPoint> {
    heed(call)
    return this.#state.points.get(id) ?? fail('RECOVERY_POINT_NOT_FOUND', { kind: 'recoveryPoint', id })
  }

  async createGroupPoint(spec: GroupPointSpec, call?: CallOptions): Promise<RecoveryPoint> {
    return this.#mutate('createGroupPoint', spec, call, () => {
      checkGroupPoint(spec, new Date())
      return this.#state.groupPoint(spec)
    })
  }

  async updateRecoveryPoint(
    id: RecoveryPointId,
    terms: PointTerms,
    call?: CallOptions,
  ): Promise<RecoveryPoint> {
    return this.#mutate('updateRecoveryPoint', { id, terms }, call, () => {
      checkTerms(terms, new Date())
      return this.#state.setTerms(id, terms)
    })
  }

  async unlockRecoveryPoint(id: RecoveryPointId, why: string, call?: CallOptions): Promise<RecoveryPoint> {
    return this.#mutate('unlockRecoveryPoint', { id, why }, call, () => {
      checkWhy(why)
      const point = this.#state.point(id)
      return this.#state.changePoint(point, { ...point, lockedUntil: undefined })
    })
  }

  async listRecoveryPoints(
    query: PageQuery & { groupId?: VolumeGroupId | undefined } = {},
    call?: CallOptions,
  ): Promise<Page<RecoveryPoint>> {
    heed(call)
    return this.#state.points.page(query, (point) => isOrAny(query.groupId, point.groupId))
  }

  async listDiskImages(query: DiskImageFilter = {}, call?: CallOptions): Promise<Page<DiskImage>> {
    heed(call)
    const { recoveryPointId, diskId } = query
    return this.#state.images.page(
      query,
      (image) => isOrAny(recoveryPointId, image.recoveryPointId) && isOrAny(diskId, image.diskId),
    )
  }

  async deleteRecoveryPoint(id: RecoveryPointId, call?: CallOptions): Promise<void> {
    return this.#mutate('deleteRecoveryPoint', { id }, call, () => {
      const point = this.#state.points.get(id)
      if (point === undefined) return
      refuseLocked(point, new Date())
      this.#state.points.delete(id)
      for (const { diskId } of point.disks) this.#state.images.delete(`${id}/${diskId}`)
      this.#state.release(point.groupId)
    })
  }

  async revertGroup(id: RecoveryPointId, keepAs: string, call?: CallOptions): Promise<RecoveryPoint> {
    return this.#mutate('revertGroup', { id, keepAs }, call, () => {
      checkKeepAs(keepAs)
      return this.#state.revert(id, keepAs)
    })
  }

  async restoreGroup(id: RecoveryPointId, spec: GroupSpec, call?: CallOptions): Promise<VolumeGroup> {
    return this.#mutate('restoreGroup', { ...spec, id }, call, () => {
      checkGroup(spec)
      this.#state.projects.ensure(spec)
      return this.#state.restore(id, spec)
    })
  }

  async groupSpace(id: VolumeGroupId, call?: CallOptions): Promise<GroupSpace> {
    heed(call)
    this.#state.group(id)
    const none = { exclusiveBytes: 0n, sharedBytes: 0n }
    const disks = this.#state.disks.filter(({ groupId }) => groupId === id)
    const points = this.#state.points.filter(({ groupId }) => groupId === id)
    return {
      group: none,
      disks: disks.map((disk) => ({ id: disk.id, ...none })),
      recoveryPoints: points.map((point) => ({ id: point.id, ...none })),
    }
  }

  /** There are no bytes here: every disk is blank. */
  async allocated(image: ImageRef, query: RangesQuery = {}, call?: CallOptions): Promise<Ranges> {
    heed(call)
    return rangesPage(this.#state.image(image).sizeBytes, query, noRanges)
  }

  async delta(
    { diskId, base, target }: ImagePair,
    query: RangesQuery = {},
    call?: CallOptions,
  ): Promise<Ranges> {
    heed(call)
    const [older, newer] = [base, target].map((recoveryPointId) =>
      this.#state.image({ recoveryPointId, diskId }),
    )
    if (older!.createdAt > newer!.createdAt) throw new StorageError('INVALID_ARGUMENT', `${base} is newer`)
    return rangesPage(newer!.sizeBytes, query, noRanges)
  }

  async registerInitiator(spec: InitiatorSpec, call?: CallOptions): Promise<Initiator> {
    return this.#mutate('registerInitiator', spec, call, () => {
      checkInitiator(spec)
      return this.#state.register(spec)
    })
  }

  async getInitiator(id: InitiatorId, call?: CallOptions): Promise<Initiator> {
    heed(call)
    return this.#state.initiator(id)
  }

  async listInitiators(query: PageQuery = {}, call?: CallOptions): Promise<Page<Initiator>> {
    heed(call)
    return this.#state.initiators.page(query, () => true)
  }

  async removeInitiator(id: InitiatorId, call?: CallOptions): Promise<void> {
    return this.#mutate('removeInitiator', { id }, call, () => {
      this.#state.refuseAttached(id)
      this.#state.initiators.delete(id)
      this.#state.credentials.delete(id)
    })
  }

  async renewLease(renewal: LeaseRenewal, call?: CallOptions): Promise<Lease> {
    heed(call)
    checkRenewal(renewal)
    return this.#state.renewLease(renewal)
  }

  async grant(spec: GrantSpec, call?: CallOptions): Promise<Attachment> {
    return this.#mutate('grant', spec, call, () => {
      return this.#state.grant(spec)
    })
  }

  async revoke(diskId: DiskId, initiatorId: InitiatorId | undefined, call?: CallOptions): Promise<void> {
    return this.#mutate('revoke', { diskId, initiatorId }, call, () => {
      for (const holder of this.#state.holders(diskId)) {
        if (isOrAny(initiatorId, holder)) this.#state.attachments.delete(`${diskId}/${holder}`)
      }
    })
  }

  async listAttachments(
    query: PageQuery & { diskId?: DiskId | undefined; initiatorId?: InitiatorId | undefined } = {},
    call?: CallOptions,
  ): Promise<Page<Attachment>> {
    heed(call)
    const { diskId, initiatorId } = query
    return this.#state.attachments.page(
      query,
      (attachment) => isOrAny(diskId, attachment.diskId) && isOrAny(initiatorId, attachment.initiatorId),
    )
  }

  async connection(diskId: DiskId, initiatorId: InitiatorId, call?: CallOptions): Promise<Connection> {
    heed(call)
    return this.#state.connection(diskId, initiatorId)
  }

  async createPolicy(spec: PolicySpec, call?: CallOptions): Promise<Policy> {
    return this.#mutate('createPolicy', spec, call, () => {
      checkPolicy(spec)
      return this.#policies.create(spec)
    })
  }

  async getPolicy(id: PolicyId, call?: CallOptions): Promise<Policy> {
    heed(call)
    return this.#policies.get(id)
  }

  async listPolicies(query: PageQuery & PolicyFilter = {}, call?: CallOptions): Promise<Page<Policy>> {
    heed(call)
    return this.#policies.list(query)
  }

  async updatePolicy(id: PolicyId, settings: PolicySettings, call?: CallOptions): Promise<Policy> {
    return this.#mutate('updatePolicy', { id, settings }, call, () => this.#policies.update(id, settings))
  }

  async deletePolicy(id: PolicyId, call?: CallOptions): Promise<void> {
    return this.#mutate('deletePolicy', { id }, call, () => this.#policies.delete(id))
  }

  async assignPolicy(setting: PolicySetting, call?: CallOptions): Promise<PolicyAssignment> {
    return this.#mutate('assignPolicy', setting, call, () => this.#policies.assign(setting))
  }

  async unassignPolicy(target: PolicyTarget, kind: PolicyKind, call?: CallOptions): Promise<void> {
    return this.#mutate('unassignPolicy', { target, kind }, call, () => this.#policies.unassign(target, kind))
  }

  async listPolicyAssignments(
    query: PageQuery & AssignmentFilter = {},
    call?: CallOptions,
  ): Promise<Page<PolicyAssignment>> {
    heed(call)
    return this.#policies.assignments(query)
  }

  async getSchedule(id: VolumeGroupId, call?: CallOptions): Promise<ScheduleState> {
    heed(call)
    return this.#policies.schedule(id)
  }

  async listSchedules(
    query: PageQuery & ScheduleFilter = {},
    call?: CallOptions,
  ): Promise<Page<ScheduleState>> {
    heed(call)
    return this.#policies.schedules(query)
  }

  async effectivePolicies(of: VolumeGroupId | DiskId, call?: CallOptions): Promise<EffectivePolicies> {
    heed(call)
    return this.#policies.effective(of)
  }

  async getOperation(id: OperationId, call?: CallOptions): Promise<Operation> {
    heed(call)
    return this.#operations.get(id) ?? fail('OPERATION_NOT_FOUND', { kind: 'operation', id })
  }

  async listOperations(
    query: PageQuery & { state?: Operation['state'] | undefined } = {},
    call?: CallOptions,
  ): Promise<Page<Operation>> {
    heed(call)
    return this.#operations.page(query, (operation) => isOrAny(query.state, operation.state))
  }

  /** Does one change: heeds its key, and keeps an operation of it. A failure leaves nothing, so its key stays free. */
  #mutate<Result>(
    kind: string,
    request: object,
    call: CallOptions | undefined,
    change: () => Result,
  ): Result {
    heed(call)
    const key = call?.idempotencyKey
    const asked = { kind, request: structuredClone(request) }
    if (key !== undefined && this.#requests.has(key) && !isDeepStrictEqual(this.#requests.get(key), asked)) {
      throw new StorageError('IDEMPOTENCY_KEY_REUSED', `the key ${key} was used before with another request`)
    }
    const startedAt = new Date()
    const result = change()
    if (key !== undefined) this.#requests.set(key, asked)
    const entities = idsIn(request, result)
    const done = { id: operationIds.create(), kind, entities, startedAt, endedAt: new Date() }
    this.#operations.put(done.id, { ...done, state: 'done', step: undefined, error: undefined })
    return result
  }
}

function heed(call: CallOptions | undefined): void {
  if (call?.signal?.aborted) throw new StorageError('DEADLINE_EXCEEDED', 'the caller stopped waiting')
}

const isOrAny = <Value>(wanted: Value | undefined, value: Value): boolean =>
  wanted === undefined || wanted === value

function idsIn(...objects: unknown[]): string[] {
  const fields = objects.flatMap((object) => Object.entries(object ?? {}))
  const ids = fields.filter(([name]) => ['id', 'groupId', 'diskId', 'initiatorId'].includes(name))
  return [...new Set(ids.map(([, id]) => id as string).filter((id) => id !== undefined))]
}

async function* noRanges(): AsyncGenerator<never> {}

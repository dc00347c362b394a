import { randomBytes } from 'node:crypto'
import { open } from 'node:fs/promises'
import type {
  Disk,
  DiskId,
  PolicyId,
  RecoveryPointId,
  VolumeGroupId,
} from '../../../src/volumegroups/index.ts'
import type { Site } from './site.ts'

/** Numbers that look random and are the same for the same seed. */
export function randomFrom(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below
  }
}

const MIB = 1024n * 1024n
const WRITTEN_BYTES = 64 * 1024
const NO_LIMITS = { requiredBytes: undefined, limitBytes: undefined }
const RETENTION = {
  ...{ newest: 2, hourly: 0, daily: 0, weekly: 0, monthly: 0, yearly: 0 },
  ...{ timeZone: 'UTC', minimumKept: 1 },
}

/** What operators and provisioners do to one element, one thing after another, chosen by a seed. */
export class Workload {
  readonly #site: Site
  readonly #random: (below: number) => number
  readonly #groups: VolumeGroupId[] = []
  readonly #points: RecoveryPointId[] = []
  readonly #policies: PolicyId[] = []
  readonly #disks = new Map<DiskId, VolumeGroupId>()
  #count = 0

  constructor(site: Site, random: (below: number) => number) {
    this.#site = site
    this.#random = random
  }

  /** Every disk that was made, and acknowledged, and not deleted since. */
  get disks(): ReadonlySet<DiskId> {
    return new Set(this.#disks.keys())
  }

  /** Does one thing. */
  async step(): Promise<void> {
    this.#count += 1
    const steps = [
      () => this.#createDisk(),
      () => this.#createDisk(),
      () => this.#write(),
      () => this.#createGroup(),
      () => this.#grow(),
      () => this.#createPoint(),
      () => this.#createPoint(),
      () => this.#deleteDisk(),
      () => this.#deleteDisk(),
      () => this.#deletePoint(),
      () => this.#deleteGroup(),
      () => this.#moveGroup(),
      () => this.#moveProject(),
      () => this.#changePolicies(),
      () => this.#changePolicies(),
      () => this.#label(),
    ]
    await steps[this.#random(steps.length)]?.()
  }

  #one<Item>(items: readonly Item[]): Item | undefined {
    return items[this.#random(Math.max(items.length, 1))]
  }

  #project(): string {
    return this.#one(['/', '/a', '/a/b', '/c']) as string
  }

  async #createGroup(): Promise<void> {
    const spec = { name: `group-${this.#count}`, project: this.#project(), createProject: true }
    this.#groups.push((await this.#site.service.createGroup(spec)).id)
  }

  async #createDisk(): Promise<void> {
    const { service } = this.#site
    const id = this.#one(this.#groups)
    const source = this.#random(4) === 0 ? this.#one([...this.#disks.keys()]) : undefined
    const disk = await service.createDisk({
      name: `disk-${this.#count}`,
      project: this.#project(),
      createProject: true,
      group: id === undefined || this.#random(3) === 0 ? { kind: 'own' } : { kind: 'existing', id },
      size: { ...NO_LIMITS, requiredBytes: source ? undefined : BigInt(1 + this.#random(3)) * MIB },
      source: source && { kind: 'disk', diskId: source },
      attributes: { claim: `pvc-${this.#count}` },
    })
    this.#disks.set(disk.id, disk.groupId)
    await this.#fill(disk)
  }

  async #write(): Promise<void> {
    const id = this.#one([...this.#disks.keys()])
    if (id) await this.#fill(await this.#site.service.getDisk(id))
  }

  /** As a guest does: behind the element's back. */
  async #fill({ id, groupId }: Disk): Promise<void> {
    await using file = await open(this.#site.store.backingPath(groupId, id), 'r+')
    await file.write(randomBytes(WRITTEN_BYTES), 0, WRITTEN_BYTES, this.#random(8) * WRITTEN_BYTES)
    await file.sync()
  }

  async #grow(): Promise<void> {
    const id = this.#one([...this.#disks.keys()])
    if (id === undefined) return
    const { sizeBytes } = await this.#site.service.getDisk(id)
    await this.#site.service.growDisk(id, { ...NO_LIMITS, requiredBytes: sizeBytes + MIB })
  }

  async #createPoint(): Promise<void> {
    const groupId = this.#one([...this.#disks.values()])
    if (groupId === undefined) return
    const labels = { round: String(this.#count) }
    const point = await this.#site.service.createGroupPoint({ name: `point-${this.#count}`, groupId, labels })
    this.#points.push(point.id)
  }

  async #deletePoint(): Promise<void> {
    const id = this.#one(this.#points)
    if (id === undefined) return
    await this.#site.service.deleteRecoveryPoint(id)
    this.#points.splice(this.#points.indexOf(id), 1)
  }

  async #deleteDisk(): Promise<void> {
    const id = this.#one([...this.#disks.keys()])
    if (id === undefined) return
    await this.#site.service.deleteDisk(id)
    this.#disks.delete(id)
  }

  async #deleteGroup(): Promise<void> {
    const { service } = this.#site
    for (const id of this.#groups) {
      const [disks, points] = [
        await service.listDisks({ groupId: id }),
        await service.listRecoveryPoints({ groupId: id }),
      ]
      if (disks.items.length + points.items.length > 0) continue
      await service.deleteGroup(id)
      this.#groups.splice(this.#groups.indexOf(id), 1)
      return
    }
  }

  async #moveGroup(): Promise<void> {
    const { service } = this.#site
    const { items } = await service.listProjects({})
    const [id, project] = [this.#one([...this.#disks.values()]), this.#one(items)]
    if (id && project) await service.moveGroup(id, project.path).catch(unlessRefused)
  }

  async #moveProject(): Promise<void> {
    const { service } = this.#site
    const project = this.#one((await service.listProjects({ under: '/' })).items)
    if (project) await service.moveProject(project.id, `/moved-${this.#count}`).catch(unlessRefused)
  }

  async #changePolicies(): Promise<void> {
    const { service } = this.#site
    const id = this.#one(this.#policies)
    const schedules = [{ kind: 'interval', everyMs: 3_600_000 }] as const
    const settings = { kind: 'snapshot', schedules, retention: RETENTION, lockMs: this.#count } as const
    if (id === undefined || this.#random(3) === 0) {
      const policy = await service.createPolicy({ name: `policy-${this.#count}`, project: '/', ...settings })
      this.#policies.push(policy.id)
      return
    }
    if (this.#random(3) === 0) return void (await service.updatePolicy(id, settings))
    const groupId = this.#one([...this.#disks.values()])
    const project = this.#one((await service.listProjects({})).items)
    const target =
      groupId && this.#random(2) === 0
        ? ({ kind: 'volumeGroup', id: groupId } as const)
        : ({ kind: 'project', path: project?.path ?? '/' } as const)
    await service.assignPolicy({ target, kind: 'snapshot', policyId: id })
  }

  async #label(): Promise<void> {
    const id = this.#one([...this.#disks.values()])
    if (id) await this.#site.service.updateGroup(id, { labels: { round: String(this.#count) } })
  }
}

/** Of a move: names clash, or it goes into itself. */
function unlessRefused(error: Error & { readonly reason?: string }): void {
  const refused = ['NAME_TAKEN', 'PROJECT_CYCLE', 'LIMIT_REACHED', 'POLICY_OUT_OF_PROJECT']
  if (!refused.includes(error.reason ?? '')) throw error
}

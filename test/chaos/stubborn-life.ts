import { setTimeout as sleep } from 'node:timers/promises'
import { expect } from 'vitest'
import {
  type CallOptions,
  type InitiatorId,
  type OperationState,
  StorageError,
  type VolumeGroups,
} from '../../src/volumegroups/index.ts'
import type { CuttingProxy, Direction } from '../support/cutting-proxy.ts'
import { below } from '../support/random.ts'

export interface LifeParts {
  readonly name: string
  /** The client, behind the proxy. */
  readonly element: VolumeGroups
  /** The element itself, to look at. */
  readonly service: VolumeGroups
  readonly proxy: CuttingProxy
  readonly random: () => number
}

/** One call that had its answer in the end. */
export interface CutCall {
  readonly kind: string
  readonly attempts: number
  readonly cutIn: readonly Direction[]
}

const MIB = 1024n ** 2n
const MAX_ATTEMPTS = 20
const UNCLEAR = ['unavailable', 'deadline_exceeded', 'busy']
export const CALLS_PER_LIFE = 10
/** What a first call, with its TLS handshake, and a further one send at most. */
const BYTES: Readonly<Record<Direction, readonly number[]>> = { request: [2400, 600], response: [3200, 900] }

/** Makes, grows, grants, revokes and deletes, and has its connection cut at each call, until each has its answer. */
export class StubbornLife {
  readonly calls: CutCall[] = []
  readonly #parts: LifeParts
  #lives = 0

  constructor(parts: LifeParts) {
    this.#parts = parts
  }

  async live(): Promise<void> {
    const { element, service } = this.#parts
    const name = `${this.#parts.name}-${++this.#lives}`
    const initiatorId = name as InitiatorId
    const group = await this.#call('createGroup', (call) => element.createGroup({ name, project: '/' }, call))
    const groupChoice = { kind: 'existing', id: group.id } as const
    const size = (mib: bigint) => ({ requiredBytes: mib * MIB, limitBytes: undefined })
    const spec = { name, project: '/', group: groupChoice, size: size(4n), attributes: {} }
    const { id: diskId } = await this.#call('createDisk', (call) => element.createDisk(spec, call))
    expect((await service.listDisks({ name })).items.map(({ id }) => id)).toEqual([diskId])
    await this.#call('growDisk', (call) => element.growDisk(diskId, size(8n), call))
    expect(await service.getDisk(diskId)).toMatchObject({ sizeBytes: 8n * MIB, generation: 2 })
    const initiator = { id: initiatorId, name: `iqn.2026-01.test:${name}`, maxAttachments: 0 }
    await this.#call('registerInitiator', (call) => element.registerInitiator(initiator, call))
    const rights = { diskId, initiatorId, readOnly: false, shared: false }
    await this.#call('grant', (call) => element.grant(rights, call))
    expect((await service.getDisk(diskId)).attachedTo).toEqual([initiatorId])
    const point = await this.#call('createGroupPoint', (call) =>
      element.createGroupPoint({ name, groupId: group.id }, call),
    )
    expect((await service.listRecoveryPoints({ groupId: group.id })).items).toEqual([point])
    await this.#call('revoke', (call) => element.revoke(diskId, initiatorId, call))
    expect((await service.getDisk(diskId)).attachedTo).toEqual([])
    await this.#call('deleteRecoveryPoint', (call) => element.deleteRecoveryPoint(point.id, call))
    await this.#call('deleteDisk', (call) => element.deleteDisk(diskId, {}, call))
    await this.#call('deleteGroup', (call) => element.deleteGroup(group.id, {}, call))
    await service.removeInitiator(initiatorId)
  }

  /** The same key until there is an answer. Any other end than success is a fault. */
  async #call<Answer>(kind: string, send: (call: CallOptions) => Promise<Answer>): Promise<Answer> {
    const { name, proxy, random } = this.#parts
    const idempotencyKey = `${name} ${this.calls.length}`
    const cutIn: Direction[] = []
    for (let attempts = 1; ; attempts += 1) {
      const before = proxy.cuts
      const direction = this.#cutSomewhere()
      try {
        const answer = await send({ idempotencyKey })
        if (proxy.cuts > before) cutIn.push(direction)
        this.calls.push({ kind, attempts, cutIn })
        return answer
      } catch (error) {
        if (!(error instanceof StorageError) || !UNCLEAR.includes(error.kind)) throw error
        if (attempts === MAX_ATTEMPTS)
          throw new Error(`${kind}: no answer in ${attempts} attempts`, { cause: error })
        if (proxy.cuts > before) cutIn.push(direction)
        await sleep(below(random, 20))
      }
    }
  }

  #cutSomewhere(): Direction {
    const { proxy, random } = this.#parts
    const direction = random() < 0.5 ? 'request' : 'response'
    const lengths = BYTES[direction]
    proxy.cutAfter(direction, below(random, lengths[below(random, lengths.length)]!), random() < 0.5)
    return direction
  }
}

/** How many operations there are of each state. */
export async function operationsOf(service: VolumeGroups): Promise<Record<OperationState, number>> {
  const tally = { running: 0, undoing: 0, done: 0, failed: 0, faulted: 0 }
  let token: string | undefined
  do {
    const { items, nextToken } = await service.listOperations({ token })
    for (const { state, kind } of items) if (kind !== 'removeInitiator') tally[state] += 1
    token = nextToken
  } while (token !== undefined)
  return tally
}

/** What is left when every life has ended. */
export async function remainsOf(service: VolumeGroups): Promise<unknown[]> {
  const lists = [
    service.listGroups(),
    service.listDisks(),
    service.listRecoveryPoints(),
    service.listAttachments(),
  ]
  return (await Promise.all(lists.map(async (list) => (await list).items as unknown[]))).flat()
}

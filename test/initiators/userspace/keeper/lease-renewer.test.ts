import { pino } from 'pino'
import { expect, onTestFinished, test } from 'vitest'
import { LeaseRenewer, type ServedGrant } from '../../../../src/initiators/userspace/keeper/lease-renewer.ts'
import {
  type DiskId,
  diskIds,
  type HeldDisk,
  type InitiatorId,
  StorageError,
} from '../../../../src/volumegroups/index.ts'

const initiatorId = 'node-1' as InitiatorId
const [first, second] = [diskIds.create(), diskIds.create()]
const GRANTED = new Date('2026-01-01T00:00:00Z')
const held = (diskId: DiskId, grantedAt = GRANTED): HeldDisk => ({ diskId, grantedAt })
const served = (diskId: DiskId, grantedAt: Date | undefined = GRANTED): ServedGrant => ({
  diskId,
  grantedAt: grantedAt?.toISOString(),
})

/** A node that serves disks, and an element that says what it holds. */
function renewing(options: { serves?: ServedGrant[]; holds?: HeldDisk[] } = {}) {
  const node = {
    serves: options.serves ?? [],
    holds: options.holds ?? [],
    lost: [] as DiskId[],
    nowMs: 0,
    answer: async (): Promise<void> => {},
  }
  const renewer = new LeaseRenewer({
    groups: {
      renewLease: async () => {
        await node.answer()
        return { initiatorId, durationMs: 15_000, renewMs: 3_600_000, holds: node.holds }
      },
    },
    renewal: { initiatorId, instance: 'boot-1', host: 'host-1' },
    served: async () => node.serves,
    lost: async (diskId) => void node.lost.push(diskId),
    log: pino({ level: 'silent' }),
    elapsedMs: () => node.nowMs,
  })
  onTestFinished(() => renewer[Symbol.asyncDispose]())
  return { node, renewer }
}

test('a disk that the answer does not name is lost, and so is one that was granted anew', async () => {
  const again = held(second, new Date('2026-01-02T00:00:00Z'))
  const { node, renewer } = renewing({ serves: [served(first), served(second)], holds: [again] })
  expect(await renewer.renew()).toBe(true)
  expect(node.lost).toEqual([first, second])
  expect(renewer.state()).toMatchObject({ state: 'alive', holds: [second] })
})

test('a disk whose grant is not known stays as long as the node holds it at all', async () => {
  const unknown: ServedGrant = { diskId: first, grantedAt: undefined }
  const { node, renewer } = renewing({ serves: [unknown], holds: [held(first)] })
  await renewer.renew()
  expect(node.lost).toEqual([])
})

test('a disk that was attached while the element was asked is not lost', async () => {
  const { node, renewer } = renewing()
  await renewer.renew()
  node.answer = async () => {
    node.serves = [served(first)]
  }
  await renewer.renew()
  expect(node.lost).toEqual([])
})

test('the lease is counted from when the renewal was sent, and nothing is let go when it is over', async () => {
  const { node, renewer } = renewing({ serves: [served(first)], holds: [held(first)] })
  await renewer.renew()
  node.answer = async () => {
    node.nowMs += 4000
  }
  await renewer.renew()
  expect(renewer.state()).toMatchObject({ state: 'alive', leftMs: 15_000 * 0.99 - 4000 })
  node.nowMs += 15_000
  node.answer = () => Promise.reject(new StorageError('ENDPOINT_UNAVAILABLE', 'it is away'))
  expect(await renewer.renew()).toBe(false)
  expect(renewer.state()).toMatchObject({ state: 'over', leftMs: 0, detail: 'it is away' })
  expect(node.lost).toEqual([])
})

test('an element that was never heard of, and one that knows another machine by this name, are told apart', async () => {
  const { node, renewer } = renewing()
  node.answer = () => Promise.reject(new StorageError('ENDPOINT_UNAVAILABLE', 'it is away'))
  await renewer.renew()
  await renewer.renew()
  node.answer = () => Promise.reject(new StorageError('LEASE_HELD', 'host-2 is node-1'))
  await renewer.renew()
  expect(renewer.state()).toMatchObject({ state: 'refused', detail: 'host-2 is node-1' })
})

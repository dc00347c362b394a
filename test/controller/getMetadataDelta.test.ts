import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { status } from '@grpc/grpc-js'
import { expect, onTestFinished, test } from 'vitest'
import { createControllerServices } from '../../src/controller/services.ts'
import type { GetMetadataAllocatedResponse, GetMetadataDeltaResponse } from '../../src/csi/messages.ts'
import { serveCsi } from '../../src/csi/protocol.ts'
import { recoveryPointIds, uuidOf } from '../../src/volumegroups/index.ts'
import { CsiClient } from '../fakes/csi-client.ts'
import { gib, volumeRequest } from '../fakes/csi-controller.ts'
import { createMemoryStore } from '../fakes/memory-store.ts'
import { memoryLog } from '../fakes/rpc.ts'
import { createWorld } from '../fakes/world.ts'

const BLOCK = 4096
const SIZE = 8 * 1024 * 1024

/** A controller on a socket, over an element whose disks are in memory. */
async function start() {
  const folder = await mkdtemp(join(tmpdir(), 'mooring-metadata-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  const endpoint = `unix://${join(folder, 'csi.sock')}`
  const store = createMemoryStore()
  const world = await createWorld(store)
  const element = await world.boot()
  const services = createControllerServices({ groups: element.service, attach: 'controller', version: '1' })
  const server = await serveCsi({ endpoint, services, log: memoryLog().log })
  const client = new CsiClient(endpoint)
  onTestFinished(async () => {
    client[Symbol.dispose]()
    await server[Symbol.asyncDispose]()
    await element[Symbol.asyncDispose]()
    await world[Symbol.asyncDispose]()
  })
  const volume = async (name: string) => {
    const fields = { capacityRange: { requiredBytes: String(SIZE) } }
    const made = await client.call<{ volume: { volumeId: string } }>(
      'CreateVolume',
      volumeRequest(name, fields),
    )
    const disk = await element.service.getDisk(made.volume.volumeId as never)
    return { id: disk.id as string, bytes: store.open(store.backingPath(disk.groupId, disk.id)) }
  }
  const snapshot = async (name: string, sourceVolumeId: string) => {
    const fields = { name, sourceVolumeId }
    return (await client.call<{ snapshot: { snapshotId: string } }>('CreateSnapshot', fields)).snapshot
      .snapshotId
  }
  return { client, volume, snapshot }
}

type Message = GetMetadataDeltaResponse | GetMetadataAllocatedResponse

const tuplesOf = (messages: readonly Message[]) =>
  messages.flatMap(({ blockMetadata }) =>
    blockMetadata.map(({ byteOffset, sizeBytes }) => [Number(byteOffset), Number(sizeBytes)] as const),
  )

function apply(base: Buffer, target: Buffer, tuples: ReturnType<typeof tuplesOf>): Buffer {
  for (const [offset, size] of tuples) target.copy(base, offset, offset, offset + size)
  return base
}

test('a base with the blocks of the delta is the target, and a blank disk with those allocated', async () => {
  const { client, volume, snapshot } = await start()
  const { id, bytes } = await volume('a')
  for (let block = 0; block < 2000; block += 3) bytes.write(block * BLOCK, randomBytes(BLOCK))
  const baseSnapshotId = await snapshot('base', id)
  const base = bytes.read(0, SIZE)
  for (let block = 0; block < 2000; block += 2) bytes.write(block * BLOCK + 7, randomBytes(9))
  bytes.trim(30 * BLOCK, 60 * BLOCK)
  const targetSnapshotId = await snapshot('target', id)
  const target = bytes.read(0, SIZE)

  const maxResults = 100
  const fields = { baseSnapshotId, targetSnapshotId, maxResults }
  const messages = await client.stream<GetMetadataDeltaResponse>('GetMetadataDelta', fields)
  expect(messages.length).toBeGreaterThan(5)
  for (const { blockMetadataType, volumeCapacityBytes, blockMetadata } of messages) {
    expect({ blockMetadataType, volumeCapacityBytes }).toEqual({
      blockMetadataType: 'VARIABLE_LENGTH',
      volumeCapacityBytes: String(SIZE),
    })
    expect(blockMetadata.length).toBeLessThanOrEqual(maxResults)
  }
  expect(apply(Buffer.from(base), target, tuplesOf(messages)).equals(target)).toBe(true)

  const allocated = await client.stream<Message>('GetMetadataAllocated', { snapshotId: targetSnapshotId })
  expect(apply(Buffer.alloc(SIZE), target, tuplesOf(allocated)).equals(target)).toBe(true)

  const startingOffset = 40 * BLOCK
  const rest = await client.stream<Message>('GetMetadataDelta', {
    ...fields,
    startingOffset: String(startingOffset),
  })
  expect(tuplesOf(rest)[0]?.[0]).toBeGreaterThanOrEqual(startingOffset)
  apply(base, target, tuplesOf(rest))
  expect(base.subarray(startingOffset).equals(target.subarray(startingOffset))).toBe(true)
})

test('a delta of nothing is one message that tells the capacity', async () => {
  const { client, volume, snapshot } = await start()
  const { id } = await volume('a')
  const fields = {
    baseSnapshotId: await snapshot('base', id),
    targetSnapshotId: await snapshot('target', id),
  }
  expect(await client.stream('GetMetadataDelta', fields)).toEqual([
    { blockMetadataType: 'VARIABLE_LENGTH', volumeCapacityBytes: String(SIZE), blockMetadata: [] },
  ])
})

test('what can not be told has the code that CSI names', async () => {
  const { client, volume, snapshot } = await start()
  const [a, b] = [await volume('a'), await volume('b')]
  const [base, target] = [await snapshot('base', a.id), await snapshot('target', a.id)]
  const other = await snapshot('other', b.id)
  const unknown = `snap-${uuidOf(recoveryPointIds.create())}.${a.id.slice('disk-'.length)}`
  const delta = (fields: object) =>
    client.stream('GetMetadataDelta', { baseSnapshotId: base, targetSnapshotId: target, ...fields })
  const cases = [
    [() => delta({ baseSnapshotId: '' }), status.INVALID_ARGUMENT],
    [() => delta({ maxResults: -1 }), status.INVALID_ARGUMENT],
    [() => delta({ baseSnapshotId: other }), status.INVALID_ARGUMENT],
    [() => delta({ baseSnapshotId: target, targetSnapshotId: base }), status.INVALID_ARGUMENT],
    [() => delta({ targetSnapshotId: unknown }), status.NOT_FOUND],
    [() => delta({ baseSnapshotId: 'nonsense' }), status.NOT_FOUND],
    [() => delta({ startingOffset: '-1' }), status.OUT_OF_RANGE],
    [() => delta({ startingOffset: gib(1n) }), status.OUT_OF_RANGE],
    [() => client.stream('GetMetadataAllocated', {}), status.INVALID_ARGUMENT],
    [() => client.stream('GetMetadataAllocated', { snapshotId: unknown }), status.NOT_FOUND],
    [
      () => client.stream('GetMetadataAllocated', { snapshotId: base, startingOffset: '-1' }),
      status.OUT_OF_RANGE,
    ],
  ] as const
  for (const [call, code] of cases) await expect(call()).rejects.toMatchObject({ code })
})

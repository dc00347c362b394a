import { describe, expect, test } from 'vitest'
import { uuidOf } from '../../src/volumegroups/index.ts'
import { BLOCK, bringUp as bringUpPlain, MIB, MOUNT, requestsFor, World } from './support.ts'

const KEY = 'the passphrase'
const ENCRYPTED = { volumeContext: { encryption: 'luks' }, secrets: { encryptionKey: KEY } }

async function setUp(options: { readonly access?: object } = {}) {
  const world = await World.create()
  const disk = await world.disk()
  const requests = requestsFor(world, disk, options.access ?? MOUNT)
  const stage = { ...requests.stage, ...ENCRYPTED }
  const publish = { ...requests.publish, ...ENCRYPTED, secrets: {} }
  const medium = () => world.initiator.media.get(disk.id)!
  return { world, disk, ...requests, stage, publish, medium }
}

describe.each([
  ['mount', MOUNT],
  ['block', BLOCK],
])('an encrypted %s volume', (_, access) => {
  test('is made on a blank disk under its own UUID, used through its plain side, and leaves nothing', async () => {
    const { world, disk, stage, publish, unpublish, unstage, medium } = await setUp({ access })
    await world.call('nodeStageVolume', stage)
    await world.call('nodeStageVolume', stage)
    await world.call('nodePublishVolume', publish)
    expect(medium().content).toEqual({ kind: 'encrypted', uuid: uuidOf(disk.id), label: 'mooring' })
    expect(world.machine.mounts.get(world.target())?.device).toMatch('/dev/dm-')
    await world.call('nodeUnpublishVolume', unpublish)
    await world.call('nodeUnstageVolume', unstage)
    expect([...(await world.leftovers()), ...world.machine.luks.list()]).toEqual([])
  })

  test('is opened again after a reboot of the node, and not made anew', async () => {
    const { world, stage, publish, medium } = await setUp({ access })
    await world.call('nodeStageVolume', stage)
    const before = medium().content
    world.machine.mounts.clear()
    for (const name of world.machine.luks.list()) await world.machine.luks.close(name)
    world.initiator.forget()
    await world.call('nodeStageVolume', stage)
    await world.call('nodePublishVolume', publish)
    expect(medium().content).toEqual(before)
  })

  test('grows with the key of the request, and not without', async () => {
    const { world, disk, stage, publish, expand } = await setUp({ access })
    await world.call('nodeStageVolume', stage)
    await world.call('nodePublishVolume', publish)
    await world.groups.growDisk(disk.id, { requiredBytes: 1024n * MIB, limitBytes: undefined })
    const keyless = world.call('nodeExpandVolume', expand)
    await expect(keyless).rejects.toMatchObject({ reason: 'ENCRYPTION_KEY_MISSING' })
    await world.call('nodeExpandVolume', { ...expand, secrets: ENCRYPTED.secrets })
    const { path } = (await world.initiator.find(disk.id))!
    const plain = await world.machine.luks.find({ device: path, name: `mooring-${disk.id}` })
    expect(plain?.sizeBytes).toBe(1008n * MIB)
  })

  test('is not opened with another key, and what is told holds neither', async () => {
    const { world, stage, unstage } = await setUp({ access })
    await world.call('nodeStageVolume', stage)
    await world.call('nodeUnstageVolume', unstage)
    const other = { ...stage, secrets: { encryptionKey: 'wrong passphrase' } }
    const error = await world.call('nodeStageVolume', other).catch((caught: unknown) => caught)
    expect(error).toMatchObject({ reason: 'ENCRYPTION_KEY_WRONG', step: 'decrypt' })
    expect(String((error as Error).message)).not.toContain('passphrase')
    expect(await world.leftovers()).toEqual([])
  })
})

test('without a key nothing is attached', async () => {
  const { world, stage } = await setUp()
  const staged = world.call('nodeStageVolume', { ...stage, secrets: { other: KEY } })
  await expect(staged).rejects.toMatchObject({ reason: 'ENCRYPTION_KEY_MISSING' })
  expect(await world.leftovers()).toEqual([])
})

test('a disk with a file system in the clear is refused, and stays as it is', async () => {
  const { world, disk, stage, unpublish, unstage, medium } = await setUp()
  await bringUpPlain(world, disk)
  await world.call('nodeUnpublishVolume', unpublish)
  await world.call('nodeUnstageVolume', unstage)
  const before = medium().content
  await expect(world.call('nodeStageVolume', stage)).rejects.toMatchObject({ reason: 'ENCRYPTION_DIFFERS' })
  expect(medium().content).toEqual(before)
})

test('an encrypted disk is refused to a class without encryption, and stays as it is', async () => {
  const { world, stage, unstage, medium } = await setUp()
  await world.call('nodeStageVolume', stage)
  await world.call('nodeUnstageVolume', unstage)
  const before = medium().content
  const plain = world.call('nodeStageVolume', { ...stage, volumeContext: {} })
  await expect(plain).rejects.toMatchObject({ reason: 'ENCRYPTION_DIFFERS' })
  expect(medium().content).toEqual(before)
})

test("a header that is another disk's is refused, and a clone gets its own", async () => {
  const { world, disk, stage, unstage, medium } = await setUp()
  await world.call('nodeStageVolume', stage)
  await world.call('nodeUnstageVolume', unstage)
  const foreign = { kind: 'encrypted', uuid: 'another', label: 'mooring' } as const
  medium().content = foreign
  await expect(world.call('nodeStageVolume', stage)).rejects.toMatchObject({ reason: 'IDENTITY_MISMATCH' })
  expect(medium().content).toEqual(foreign)
  const clone = await world.disk({ name: 'clone', source: { kind: 'disk', diskId: disk.id } })
  world.initiator.media.set(clone.id, { content: foreign, usedBytes: 0n })
  const staged = world.call('nodeStageVolume', { ...stage, volumeId: clone.id })
  await expect(staged).rejects.toMatchObject({ reason: 'ENCRYPTION_KEY_WRONG' }) // the fake has no key of it
  expect(world.initiator.media.get(clone.id)?.content).toMatchObject({ uuid: uuidOf(clone.id) })
})

test('an encryption that this node does not know is not taken for none', async () => {
  const { world, stage } = await setUp()
  const staged = world.call('nodeStageVolume', { ...stage, volumeContext: { encryption: 'other' } })
  await expect(staged).rejects.toMatchObject({ reason: 'INVALID_ARGUMENT' })
})

test('what a node that died left half made is taken up by the next one', async () => {
  const { world, disk, stage, medium } = await setUp()
  await world.call('nodeStageVolume', stage)
  world.machine.mounts.clear()
  for (const name of world.machine.luks.list()) await world.machine.luks.close(name)
  world.initiator.forget()
  await world.parts.records.remove(disk.id)
  // As of another node that ended between the header and the file system.
  await world.initiator.attach({ diskId: disk.id, readOnly: false } as never)
  await world.machine.luks.format((await world.initiator.find(disk.id))!.path, uuidOf(disk.id), KEY)
  await world.call('nodeStageVolume', stage)
  expect(medium().content).toMatchObject({ label: 'mooring' })
  expect(world.machine.mounts.get(world.staging)?.device).toMatch('/dev/dm-')
})

import { describe, expect, test } from 'vitest'
import type { Fencing } from '../../src/volumegroups/operations/parts.ts'
import { overAfterMs } from '../../src/volumegroups/rules/leases.ts'
import { addDisk, addInitiator, attach, initiatorId, refused } from '../contract/volume-groups/helpers.ts'
import { renew } from '../contract/volume-groups/leases.ts'
import { contradictions } from '../fakes/inspection.ts'
import { createInterruption } from '../fakes/interruption.ts'
import { createWorld, type Element, type Parts } from '../fakes/world.ts'

const [n1, n2] = ['n1', 'n2'].map(initiatorId) as [
  ReturnType<typeof initiatorId>,
  ReturnType<typeof initiatorId>,
]

/** A disk that the first of two initiators holds alone; what is asked of the target is noted down. */
async function held(fencing?: Fencing) {
  const world = await createWorld()
  const asked: string[] = []
  const element = await world.boot({ fencing: fencing ?? 'revoke', wrap: (parts) => noting(parts, asked) })
  const { service } = element
  const overMs = overAfterMs((await service.status()).lease)
  const disk = await addDisk(service, 'a')
  for (const name of [n1, n2]) await addInitiator(service, name)
  const { targetName } = await attach(service, disk.id, n1)
  asked.length = 0
  return {
    ...{ world, element, service, disk, overMs, asked, targetName },
    [Symbol.asyncDispose]: async () => {
      await element[Symbol.asyncDispose]()
      await world[Symbol.asyncDispose]()
    },
  }
}

function noting(parts: Parts, asked: string[]): Parts {
  const target = new Proxy(parts.target, {
    get: (from, name) => {
      const member = Reflect.get(from, name)
      if (!['grant', 'revoke', 'protect', 'disconnect'].includes(String(name))) return member
      return (...args: unknown[]) => {
        asked.push(String(name))
        return Reflect.apply(member, from, args)
      }
    },
  })
  return { ...parts, target }
}

const secretOf = async ({ database }: Element, id = n1) => (await database.reader.initiator(id))?.chap.secret

describe('a disk that one initiator holds', () => {
  test('goes to another one, fenced first, when the lease of the holder is over and not a moment before', async () => {
    await using stage = await held()
    const { world, service, disk, overMs, asked } = stage
    world.pass(overMs - 1)
    await refused(attach(service, disk.id, n2), 'DISK_ATTACHED')
    expect(asked).toEqual([])
    world.pass(1)
    await attach(service, disk.id, n2)
    expect(asked.slice(0, 2)).toEqual(['revoke', 'grant'])
    expect((await service.getDisk(disk.id)).attachedTo).toEqual([n2])
    expect((await renew(service, n1)).holds).toEqual([])
    expect(await contradictions(world, stage.element)).toEqual([])
  })

  test.each([
    ['renews', (service: Element['service']) => renew(service, n1)],
    [
      'is granted another disk',
      async (service: Element['service']) => attach(service, (await addDisk(service, 'b')).id, n1),
    ],
  ])('stays with a holder that %s, as long as that says', async (what, act) => {
    await using stage = await held()
    const { world, service, disk, overMs } = stage
    world.pass(overMs - 1)
    await act(service)
    world.pass(1)
    if (what === 'renews') {
      await refused(attach(service, disk.id, n2), 'DISK_ATTACHED')
      world.pass(overMs - 1)
    }
    await attach(service, disk.id, n2)
  })

  test('stays with its holder for a whole lease after each start of the element', async () => {
    await using stage = await held()
    const { world, disk, overMs } = stage
    await renew(stage.service, n1)
    world.pass(10 * overMs)
    await using next = await world.boot()
    const message = expect.stringMatching(/last heard of at 2026-01-01/)
    await refused(attach(next.service, disk.id, n2), 'DISK_ATTACHED', { message })
    world.pass(overMs)
    await attach(next.service, disk.id, n2)
  })

  test('that is shared is taken from nobody', async () => {
    await using stage = await held()
    const { world, service, overMs } = stage
    const both = await addDisk(service, 'both')
    await attach(service, both.id, n1, { shared: true })
    world.pass(overMs)
    await refused(attach(service, both.id, n2), 'DISK_ATTACHED')
    await attach(service, both.id, n2, { shared: true })
    expect((await service.getDisk(both.id)).attachedTo).toHaveLength(2)
  })

  test('can only be read before it goes, where the configuration says so', async () => {
    await using stage = await held('protect-first')
    stage.world.pass(stage.overMs)
    await attach(stage.service, stage.disk.id, n2)
    expect(stage.asked.slice(0, 3)).toEqual(['protect', 'revoke', 'grant'])
  })

  test('comes back to its holder when the take-over fails', async () => {
    await using stage = await held()
    const { world, element, service, disk, overMs } = stage
    const interruption = createInterruption()
    await using other = await world.boot({ wrap: interruption.wrap })
    world.pass(overMs)
    interruption.arm([3, 'fail before']) // intent, fence, and then the grant
    await refused(attach(other.service, disk.id, n2), 'COMMAND_FAILED')
    expect(interruption.hits).toEqual(['grant'])
    expect((await service.getDisk(disk.id)).attachedTo).toEqual([n1])
    expect(await contradictions(world, element)).toEqual([])
  })
})

describe('an initiator that lost a disk in its silence', () => {
  const waysToLose = [
    ['taken over', async (service: Element['service'], id: string) => attach(service, id as never, n2)],
    ['revoked', (service: Element['service'], id: string) => service.revoke(id as never, n1)],
  ] as const

  test.each(waysToLose)('(%s) has new credentials and no sessions; its other disks stay', async (_, lose) => {
    await using stage = await held()
    const { world, element, service, disk, overMs, asked } = stage
    const group = { kind: 'existing', id: disk.groupId } as const
    const other = await addDisk(service, 'b', { group })
    await attach(service, other.id, n1)
    const before = await secretOf(element)
    world.pass(overMs)
    asked.length = 0
    await lose(service, disk.id)
    expect(asked.at(-1)).toBe('disconnect')
    const after = await secretOf(element)
    expect(after).not.toBe(before)
    const { chap } = await service.connection(other.id, n1)
    expect(chap?.secret).toBe(after)
    const served = [...(world.daemon.get(stage.targetName)?.values() ?? [])]
    expect(served.map(({ lun, chap: good }) => [lun, good?.secret])).toEqual([[other.lun, after]])
  })

  test('is shut out once, until it is heard of again', async () => {
    await using stage = await held()
    const { world, element, service, disk, overMs } = stage
    const more = [await addDisk(service, 'b'), await addDisk(service, 'c')]
    for (const { id } of more) await attach(service, id, n1)
    world.pass(overMs)
    await attach(service, disk.id, n2)
    const once = await secretOf(element)
    await attach(service, more[0]!.id, n2)
    expect(await secretOf(element)).toBe(once)
    await renew(service, n1)
    world.pass(overMs)
    await attach(service, more[1]!.id, n2)
    expect(await secretOf(element)).not.toBe(once)
  })

  test('keeps its credentials when it is alive', async () => {
    await using stage = await held()
    const before = await secretOf(stage.element)
    await stage.service.revoke(stage.disk.id, n1)
    expect(await secretOf(stage.element)).toBe(before)
    expect(stage.asked).toEqual(['revoke'])
  })
})

test('another machine may be the initiator when the lease of the first is over', async () => {
  await using stage = await held()
  const { world, service, overMs } = stage
  await renew(service, n1, 'boot-1')
  world.pass(overMs - 1)
  await refused(renew(service, n1, 'boot-2'), 'LEASE_HELD')
  world.pass(1)
  await renew(service, n1, 'boot-2')
  await refused(renew(service, n1, 'boot-1'), 'LEASE_HELD')
})

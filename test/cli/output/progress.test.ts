import { expect, test } from 'vitest'
import { type Operation, operationIds } from '../../../src/volumegroups/index.ts'
import { FakeVolumeGroups } from '../../fakes/fake-volume-groups.ts'
import { startCli } from '../harness.ts'

/** Groups whose deletion of a disk takes until it is let go; meanwhile it is an operation at a step. */
function slow() {
  const begun = Promise.withResolvers<void>()
  const over = Promise.withResolvers<void>()
  const groups = new FakeVolumeGroups()
  const running: Operation[] = []
  const slowed: FakeVolumeGroups = Object.assign(groups, {
    deleteDisk: async (id: string) => {
      const times = { startedAt: new Date(), endedAt: undefined }
      const is = { kind: 'deleteDisk', state: 'running', step: 'delete image' } as const
      running.push({ id: operationIds.create(), ...is, entities: [id], error: undefined, ...times })
      begun.resolve()
      await over.promise
    },
    listOperations: async () => ({ items: running, nextToken: undefined }),
  })
  return { groups: slowed, begun: begun.promise, over: () => over.resolve() }
}

test('what takes over a second says on a terminal how long, and at which step it is', async () => {
  const { groups, begun, over } = slow()
  await using cli = await startCli(groups)
  await cli.run('disk create data')
  let ticks = 0
  const { code, out, err } = await cli.run('disk delete data --yes', {
    columns: 60,
    onSleep: async (ms) => {
      expect(ms).toBe(1000)
      await begun
      ticks += 1
      if (ticks < 3) return
      over()
      await new Promise(() => {})
    },
  })
  expect({ code, out }).toMatchObject({ code: 0, out: expect.stringContaining('deleted disk') })
  expect(err).toBe(
    '\r\u001b[Kdeleting disk data … 1s, delete image\r\u001b[Kdeleting disk data … 2s, delete image\r\u001b[K',
  )
})

test('a pipe gets no progress', async () => {
  const { groups, over } = slow()
  over()
  await using cli = await startCli(groups)
  await cli.run('disk create data')
  const onSleep = () => expect.unreachable()
  expect(await cli.run('disk delete data --yes', { onSleep })).toMatchObject({ code: 0, err: '' })
})

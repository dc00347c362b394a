import { expect, test } from 'vitest'
import { type Page, StorageError } from '../../../src/volumegroups/index.ts'
import { FakeVolumeGroups } from '../../fakes/fake-volume-groups.ts'
import { startCli, type TestCli } from '../harness.ts'

async function withGroups(cli: TestCli, count: number): Promise<void> {
  for (let index = 0; index < count; index += 1) {
    await cli.groups.createGroup({ name: `vg-${index}`, project: '/' })
  }
}

const namesIn = (json: string): string[] =>
  (JSON.parse(json) as { items: { name: string }[] }).items.map(({ name }) => name)

test('a list has the items of all its pages, each once', async () => {
  await using cli = await startCli()
  await withGroups(cli, 1201)
  const { out, err } = await cli.run('vg list --json')
  expect(namesIn(out)).toEqual(Array.from({ length: 1201 }, (_, index) => `vg-${index}`))
  expect(err).toBe('')
})

test('a limit is kept, and what is left out is said', async () => {
  await using cli = await startCli()
  await withGroups(cli, 700)
  const { out, err } = await cli.run('vg list --json --limit 600')
  expect(namesIn(out)).toHaveLength(600)
  expect(JSON.parse(out)).toHaveProperty('nextPageToken')
  expect(err).toBe('there are more than these 600\n')
  expect((await cli.run('vg list --limit 700')).err).toBe('')
})

test('what is watched is printed again until it is interrupted', async () => {
  await using cli = await startCli()
  await withGroups(cli, 1)
  const slept: number[] = []
  const { code, out } = await cli.run('vg list --json --watch 5', {
    onSleep: async (ms, interrupt) => {
      slept.push(ms)
      if (slept.length === 3) interrupt()
      await withGroups(cli, slept.length + 1)
    },
  })
  expect(code).toBe(0)
  expect(slept).toEqual([5000, 5000, 5000])
  expect(out.trim().split('\n').map(namesIn)).toEqual([['vg-0'], ['vg-0', 'vg-1'], ['vg-0', 'vg-1', 'vg-2']])
})

test('on a terminal each reading is in the place of the one before', async () => {
  await using cli = await startCli()
  await withGroups(cli, 1)
  const { out } = await cli.run('vg list --watch', { columns: 80, onSleep: (_, interrupt) => interrupt() })
  expect(out).toMatch(/^.\[H.\[JNAME .*\nvg-0 .*\n$/)
})

/** Groups whose list fails with these reasons first. */
function failing(...reasons: ('NOT_READY' | 'PERMISSION_DENIED')[]): FakeVolumeGroups {
  const listGroups = async (): Promise<Page<never>> => {
    const reason = reasons.shift()
    if (reason !== undefined) throw new StorageError(reason, 'not now')
    return { items: [], nextToken: undefined }
  }
  return Object.assign(new FakeVolumeGroups(), { listGroups })
}

test('watching goes on when the element is away for a while', async () => {
  await using cli = await startCli(failing('NOT_READY'))
  let readings = 0
  const { code, out, err } = await cli.run('vg list --json --watch', {
    onSleep: (_, interrupt) => {
      readings += 1
      if (readings === 2) interrupt()
    },
  })
  expect({ code, out }).toEqual({ code: 0, out: '{"items":[]}\n' })
  expect(err).toContain('"reason":"NOT_READY"')
})

test('watching ends when the element refuses', async () => {
  await using cli = await startCli(failing('PERMISSION_DENIED'))
  expect(await cli.run('vg list --watch')).toMatchObject({ code: 1, out: '' })
})

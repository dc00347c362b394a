import { expect, test } from 'vitest'
import { startCli, type TestCli } from './harness.ts'

async function withPoint(cli: TestCli): Promise<void> {
  for (const line of [
    'vg create db',
    'disk create a --vg db',
    'disk create b --vg db',
    'rp create monday --vg db',
  ]) {
    expect(await cli.run(line)).toMatchObject({ code: 0 })
  }
}

test('a point is of all disks of a group, or of those that are named', async () => {
  await using cli = await startCli()
  await withPoint(cli)
  expect(await cli.run('rp create some --disk b')).toMatchObject({ code: 0 })
  const { items } = await cli.groups.listRecoveryPoints()
  expect(items.map(({ name, grouped, disks }) => [name, grouped, disks.length])).toEqual([
    ['monday', true, 2],
    ['some', false, 1],
  ])
  const { out } = await cli.run('rp list --vg db', { columns: 70 })
  expect(out).toBe(`\
NAME    DISKS  AGE  ID
monday      2   3h  rp-00000000-0000-4000-8000-000000000001
some        1   3h  rp-00000000-0000-4000-8000-000000000002
`)
})

test('a point’s name needs its group, its id does not', async () => {
  await using cli = await startCli()
  await withPoint(cli)
  const [point] = (await cli.groups.listRecoveryPoints()).items
  expect(await cli.run('rp show monday')).toMatchObject({ code: 2, out: '' })
  expect(await cli.run('rp show monday --vg db')).toMatchObject({ code: 0 })
  expect(await cli.run(`rp show ${point?.id}`)).toMatchObject({ code: 0 })
})

test('images are those of single disks', async () => {
  await using cli = await startCli()
  await withPoint(cli)
  const [disk] = (await cli.groups.listDisks({ name: 'b' })).items
  const { out } = await cli.run('rp images --rp monday --vg db --disk b')
  expect(out.split('\n')).toHaveLength(3)
  const images = (await cli.groups.listDiskImages({ diskId: disk!.id })).items
  expect(images).toHaveLength(1)
})

test('update changes what is named and leaves the rest; a lock holds until it is lifted', async () => {
  await using cli = await startCli()
  await withPoint(cli)
  const terms = async () => (await cli.groups.listRecoveryPoints()).items[0]!
  await cli.run('rp update monday --vg db --expires-in 30d --label why=upgrade')
  const { expiresAt } = await terms()
  await cli.run('rp update monday --vg db --lock-for 7d')
  expect(await terms()).toMatchObject({
    expiresAt,
    labels: { why: 'upgrade' },
    lockedUntil: expect.any(Date),
  })
  expect(await cli.run('rp delete monday --vg db --yes')).toMatchObject({ code: 1, out: '' })
  expect(await cli.run("rp unlock monday --vg db --why 'no longer needed'")).toMatchObject({ code: 0 })
  await cli.run('rp update monday --vg db --keep')
  expect(await terms()).toMatchObject({ expiresAt: undefined, lockedUntil: undefined })
  expect(await cli.run('rp delete monday --vg db --yes')).toMatchObject({ code: 0 })
  expect((await cli.groups.listRecoveryPoints()).items).toEqual([])
})

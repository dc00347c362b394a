import { expect, test } from 'vitest'
import { initiatorNamed, startCli, type TestCli } from './harness.ts'

async function made(cli: TestCli, ...lines: string[]): Promise<void> {
  for (const line of lines) expect(await cli.run(line)).toMatchObject({ code: 0 })
}

test('groups are listed by project and name, and deleted when they are empty', async () => {
  await using cli = await startCli()
  await made(
    cli,
    'project create /a',
    'vg create db',
    'vg create db --project /a',
    'vg create web --project /a',
  )
  expect((await cli.run('vg list --project /a', { columns: 65 })).out).toBe(`\
NAME  PROJECT  AGE  ID
db    /a        3h  vg-00000000-0000-4000-8000-000000000001
web   /a        3h  vg-00000000-0000-4000-8000-000000000002
`)
  expect(JSON.parse((await cli.run('vg list --name db --json')).out)).toMatchObject({
    items: [{ project: '/' }, { project: '/a' }],
  })
  await made(cli, 'disk create data --vg db --project /a')
  expect(await cli.run('vg delete db --project /a --yes')).toMatchObject({
    code: 1,
    err: expect.stringContaining('VOLUME_GROUP_NOT_EMPTY'),
  })
  await made(cli, 'vg delete db --project / --yes')
  expect((await cli.groups.listGroups({ name: 'db' })).items).toHaveLength(1)
})

test('a whole group is restored beside itself', async () => {
  await using cli = await startCli()
  await made(
    cli,
    'vg create db',
    'disk create a --vg db',
    'disk create b --vg db',
    'rp create monday --vg db',
  )
  await made(cli, 'vg restore monday copy --from db --project /')
  const [copy] = (await cli.groups.listGroups({ name: 'copy' })).items
  expect((await cli.groups.listDisks({ groupId: copy!.id })).items).toHaveLength(2)
})

test('a group is reverted in place when it is detached, and what was there is kept', async () => {
  await using cli = await startCli()
  await initiatorNamed(cli, 'node-1')
  await made(cli, 'vg create db', 'disk create a --vg db', 'rp create monday --vg db')
  await made(cli, 'attachment grant a node-1')
  const revert = 'vg revert monday --vg db --keep-as before'
  expect(await cli.run(`${revert} --yes`)).toMatchObject({ code: 1, out: '' })
  await made(cli, 'attachment revoke a node-1 --yes')
  expect(await cli.run(revert)).toMatchObject({ code: 2, err: expect.stringContaining('say --yes') })
  expect((await cli.run(`${revert} --yes`)).out).toMatch(/^name: +before\n/)
  const { items } = await cli.groups.listRecoveryPoints()
  expect(items.map(({ name }) => name)).toEqual(['monday', 'before'])
})

test('space is said for the group and for all that it holds', async () => {
  await using cli = await startCli()
  await made(cli, 'vg create db', 'disk create a --vg db', 'rp create monday --vg db')
  const { out } = await cli.run('vg space db', { columns: 80 })
  expect(out).toMatch(/^OF +EXCLUSIVE +SHARED\n\(all\) .*\ndisk-.*\nrp-.*\n$/)
  expect(JSON.parse((await cli.run('vg space db --json')).out)).toMatchObject({
    group: { exclusiveBytes: expect.any(Number) },
    disks: [{ id: expect.stringMatching(/^disk-/) }],
    recoveryPoints: [{ id: expect.stringMatching(/^rp-/) }],
  })
})

test('policies and labels are set together, or not at all', async () => {
  await using cli = await startCli()
  const retention = '--newest 3'
  await made(
    cli,
    'vg create db',
    `policy create nightly --every 1h ${retention}`,
    `policy create west --remote west --rpo 15m ${retention}`,
  )
  const { out } = await cli.run(
    'vg set db --snapshot-policy nightly --protection-policy west --label app=shop --label tier=gold',
  )
  expect(out).toMatch(/^labels: +app=shop, tier=gold$/m)
  const { items } = await cli.groups.listPolicyAssignments()
  expect(items.map(({ kind }) => kind)).toEqual(['snapshot', 'protection'])
  const refused = await cli.run('vg set db --snapshot-policy west --none protection --clear-labels')
  expect(refused).toMatchObject({ code: 1, err: expect.stringContaining('no snapshot policy "west"') })
  expect((await cli.groups.listPolicyAssignments()).items).toEqual(items)
  const cleared = await cli.run('vg set db --inherit snapshot --none protection --clear-labels --json')
  expect(JSON.parse(cleared.out)).toMatchObject({ name: 'db', labels: {} })
  const left = (await cli.groups.listPolicyAssignments()).items
  expect(left.map(({ kind, policyId }) => [kind, policyId])).toEqual([['protection', undefined]])
})

test.each([
  ['vg set db', 'say what to set'],
  ['vg set db --snapshot-policy a --inherit snapshot', 'say one thing of the snapshot policy'],
  ['vg set db --label a=b --clear-labels', 'say either --label or --clear-labels'],
  ['vg set db --none everything', 'everything is no kind of policy: snapshot or protection'],
])('%s is a fault of usage', async (line, message) => {
  await using cli = await startCli()
  await made(cli, 'vg create db')
  expect(await cli.run(line)).toMatchObject({ code: 2, err: expect.stringContaining(message) })
})

test('a project is made on first use only when it is asked for', async () => {
  await using cli = await startCli()
  for (const line of ['vg create db --project /a/b', 'disk create d --project /a/b']) {
    expect(await cli.run(line)).toMatchObject({ code: 1, err: expect.stringContaining('PROJECT_NOT_FOUND') })
  }
  await made(
    cli,
    'vg create db --project /a/b --create-project',
    'disk create d --project /c --create-project',
  )
  const { items } = await cli.groups.listProjects()
  expect(items.map(({ path }) => path)).toEqual(['/', '/a', '/a/b', '/c'])
})

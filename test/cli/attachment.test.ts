import { expect, test } from 'vitest'
import { initiatorNamed, startCli } from './harness.ts'

test('a disk is granted and revoked; an initiator is removed when it holds none', async () => {
  await using cli = await startCli()
  await initiatorNamed(cli, 'node-1')
  await initiatorNamed(cli, 'node-2')
  await cli.run('disk create data')
  for (const node of ['node-1', 'node-2']) {
    expect(await cli.run(`attachment grant data ${node} --read-only --shared`)).toMatchObject({ code: 0 })
  }
  expect((await cli.run('attachment list --disk data', { columns: 80 })).out).toBe(`\
DISK                                       INITIATOR  RIGHTS        AGE  LUN
disk-00000000-0000-4000-8000-000000000001  node-1     read, shared   3h    1
disk-00000000-0000-4000-8000-000000000001  node-2     read, shared   3h    1
`)
  expect(await cli.run('initiator remove node-1 --yes')).toMatchObject({ code: 1, out: '' })
  expect(await cli.run('attachment revoke data node-1', { answer: 'yes' })).toMatchObject({ code: 0 })
  const { out } = await cli.run('attachment list --initiator node-2 --json')
  expect(JSON.parse(out)).toMatchObject({ items: [{ initiatorId: 'node-2', readOnly: true, shared: true }] })
  expect(await cli.run('attachment revoke data --all --yes')).toMatchObject({ code: 0 })
  expect((await cli.groups.listAttachments()).items).toEqual([])
  expect(await cli.run('initiator remove node-1 --yes')).toMatchObject({
    code: 0,
    out: 'removed initiator node-1\n',
  })
  expect((await cli.run('initiator list', { columns: 80 })).out).toBe(`\
ID      NAME                            PROJECT  MOST DISKS  AGE
node-2  iqn.2026-01.org.example:node-2  /                 8   3h
`)
})

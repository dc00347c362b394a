import { expect, test } from 'vitest'
import { startCli } from './harness.ts'

test('operations are listed by their state, and shown', async () => {
  await using cli = await startCli()
  await cli.run('vg create db')
  expect((await cli.run('operation list --state done', { columns: 80 })).out).toBe(`\
KIND         STATE  STEP  STARTED  TOOK  ID
createGroup  done   -          3h    0s  op-00000000-0000-4000-8000-000000000001
`)
  expect(await cli.run('operation list --state failed')).toMatchObject({ out: '', err: 'no operations\n' })
  const [operation] = (await cli.groups.listOperations()).items
  expect((await cli.run(`operation show ${operation?.id}`)).out).toContain('works on:  vg-')
  expect(await cli.run('operation show nonsense')).toMatchObject({ code: 1, out: '' })
})

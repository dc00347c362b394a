import { expect, test } from 'vitest'
import { startCli } from './harness.ts'

test('a backup is made, once for each key, and listed', async () => {
  await using cli = await startCli()
  const made = await cli.run('backup create --idempotency-key k1')
  expect(made).toMatchObject({
    code: 0,
    out: expect.stringMatching(/^name: +element-.+\.db\nreason: +user\n/),
  })
  await cli.run('backup create --idempotency-key k1')
  expect((await cli.groups.listBackups()).items).toHaveLength(1)
  expect((await cli.run('backup list')).out).toMatch(/^NAME +REASON +SIZE +AGE\nelement-/)
})

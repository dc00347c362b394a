import { expect, test } from 'vitest'
import { startCli } from './harness.ts'

test('a token’s secret is told once, and it ends when it is revoked', async () => {
  await using cli = await startCli()
  const made = await cli.run('token create kim --role operator --expires-in 90d --idempotency-key k1')
  expect(made.out).toMatch(/secret: +[\w-]{20,}\n/)
  const [token] = (await cli.groups.listTokens()).items
  expect(token).toMatchObject({ label: 'kim', role: 'operator', project: '/', expiresAt: expect.any(Date) })
  expect((await cli.run('token list')).out).not.toMatch(/secret/i)
  expect(await cli.run(`token revoke ${token?.id}`)).toMatchObject({ code: 2 })
  expect(await cli.run(`token revoke ${token?.id} --yes`)).toMatchObject({ code: 0 })
  expect((await cli.groups.listTokens()).items).toEqual([])
})

import { expect, test } from 'vitest'
import type { Make } from './helpers.ts'

export function backupsContract(make: Make): void {
  test('a backup is made once for each key, and listed', async () => {
    await using made = await make()
    const { groups } = made
    const first = await groups.createBackup({ idempotencyKey: 'key-1' })
    expect(first).toMatchObject({ reason: 'user', createdAt: expect.any(Date) })
    expect(first.sizeBytes).toBeGreaterThan(0n)
    expect(await groups.createBackup({ idempotencyKey: 'key-1' })).toEqual(first)
    const second = await groups.createBackup({ idempotencyKey: 'key-2' })
    const { items, nextToken } = await groups.listBackups({ limit: 1 })
    expect([items, (await groups.listBackups({ token: nextToken })).items]).toEqual([[first], [second]])
  })
}

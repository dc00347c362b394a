import { expect, test } from 'vitest'
import { type ScheduleState, volumeGroupIds } from '../../src/volumegroups/index.ts'
import { startCli } from './harness.ts'

const since = new Date(Date.now() - 3_600_000)
const missed: ScheduleState = {
  groupId: volumeGroupIds.create(),
  policyId: undefined,
  dueAt: since,
  lastPointAt: undefined,
  missed: { since, reason: 'NO_SPACE', message: 'the pool is full' },
}

test('what was missed is listed with why, and shown with all that is known', async () => {
  await using cli = await startCli()
  const asked: unknown[] = []
  cli.groups.listSchedules = async (query) => {
    asked.push(query?.state)
    return { items: [missed], nextToken: undefined }
  }
  const { out } = await cli.run('schedule list --missed')
  expect(out).toContain('NO_SPACE')
  expect(JSON.parse((await cli.run('schedule list --json')).out)).toMatchObject({
    items: [{ missed: { reason: 'NO_SPACE', message: 'the pool is full' } }],
  })
  expect(asked).toEqual(['missed', undefined])
  await cli.run('vg create db')
  cli.groups.getSchedule = async (groupId) => ({ ...missed, groupId })
  expect((await cli.run('schedule show db')).out).toMatch(/^message: +the pool is full$/m)
})

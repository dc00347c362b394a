import { expect, test } from 'vitest'
import { recoveryIds } from '../../src/volumegroups/index.ts'
import { FakeVolumeGroups } from '../fakes/fake-volume-groups.ts'
import { startCli } from './harness.ts'

test('recoveries are listed, and the decisions of the last one, or of another, are shown', async () => {
  const fake = new FakeVolumeGroups()
  await using cli = await startCli(fake)
  expect(await cli.run('recovery list')).toMatchObject({ out: '', err: 'no recoveries\n' })
  expect(await cli.run('recovery show')).toMatchObject({ code: 2, out: '' })
  const first = recoveryIds.create()
  for (const [about, id] of Object.entries({ former: first, latter: recoveryIds.create() })) {
    fake.recoveries.put(id, {
      ...{ id, at: new Date(), isRestored: about === 'latter', counts: { dropPoint: 1 } },
      incarnations: { before: 'one', after: 'two' },
      decisions: [{ kind: 'dropPoint', entities: [about], detail: 'the store does not have it' }],
    })
  }
  expect((await cli.run('recovery list', { columns: 100 })).out).toBe(`\
ID                                             AGE  RESTORED  DECISIONS
recovery-00000000-0000-4000-8000-000000000001   3h  no        dropPoint 1
recovery-00000000-0000-4000-8000-000000000002   3h  yes       dropPoint 1
`)
  expect((await cli.run('recovery show', { columns: 100 })).out).toBe(`\
DECISION   ABOUT   FAILURE  WHY
dropPoint  latter  -        the store does not have it
`)
  const shown = JSON.parse((await cli.run(`recovery show ${first} --json`)).out)
  expect(shown).toMatchObject({ isRestored: false, decisions: [{ kind: 'dropPoint', entities: ['former'] }] })
  expect(await cli.run(`recovery show ${recoveryIds.create()}`)).toMatchObject({ code: 1, out: '' })
})

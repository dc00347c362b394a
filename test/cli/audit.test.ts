import { expect, test } from 'vitest'
import type { Finding } from '../../src/volumegroups/index.ts'
import { FakeVolumeGroups } from '../fakes/fake-volume-groups.ts'
import { startCli } from './harness.ts'

const FINDING: Finding = {
  ...{ kind: 'accessChanged', entities: ['iqn.x:y'], action: 'repaired' },
  ...{ found: 'admits a, b', wanted: 'admits a' },
}

test('an audit shows what differs, and its exit code says whether anything does', async () => {
  const fake = new FakeVolumeGroups()
  await using cli = await startCli(fake)
  expect(await cli.run('audit')).toMatchObject({ code: 0, out: '', err: 'no findings\n' })
  fake.found = { ...fake.found, findings: [FINDING], count: 1 }
  expect(await cli.run('audit', { columns: 100 })).toEqual({
    code: 1,
    out: `\
FINDING        ABOUT    SWEEP     FOUND        WANTED
accessChanged  iqn.x:y  repaired  admits a, b  admits a
`,
    err: '1 found\n',
  })
  const told = await cli.run('audit --json')
  expect(told.code).toBe(1)
  expect(JSON.parse(told.out)).toMatchObject({ findings: [FINDING], count: 1 })
})

import { expect, test } from 'vitest'
import { parseSnapshotId, snapshotIdOf } from '../../src/csi/snapshot-id.ts'
import { diskIds, recoveryPointIds } from '../../src/volumegroups/index.ts'

const ref = { recoveryPointId: recoveryPointIds.create(), diskId: diskIds.create() }

test('an id says which disk of which recovery point, within the limits of CSI and Kubernetes', () => {
  const id = snapshotIdOf(ref)
  expect(id).toMatch(/^[A-Za-z0-9._-]{1,128}$/)
  expect(parseSnapshotId(id)).toEqual(ref)
})

test.each([
  '',
  'snap-',
  'snap-a.b',
  ref.recoveryPointId,
  snapshotIdOf(ref).slice('snap-'.length),
  `${snapshotIdOf(ref)}.x`,
  snapshotIdOf(ref).toUpperCase(),
])('%s is no snapshot id', (text) => {
  expect(parseSnapshotId(text)).toBeUndefined()
})

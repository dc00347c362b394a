import { expect, test } from 'vitest'
import { decodeManifest, decodeOwner, encodeOwner } from '../../../src/host/stores/manifest-file.ts'
import { encodeSummed } from '../../../src/host/stores/summed-text.ts'
import { diskIds, ROOT_PROJECT_ID, volumeGroupIds } from '../../../src/volumegroups/index.ts'

const id = volumeGroupIds.create()
const createdAt = new Date('2026-01-01T00:00:00Z')
/** As the first release wrote it: no labels, no terms, no projects, no policies. */
const version1 = {
  version: 1,
  group: { id, name: 'shop', project: '/team/db', implicit: false, generation: 7, epoch: 1, createdAt },
  disks: [
    {
      id: diskIds.create(),
      groupId: id,
      name: 'a',
      sizeBytes: 2n ** 40n,
      lun: 1,
      attributes: {},
      generation: 1,
      createdAt,
    },
  ],
  recoveryPoints: [],
}

test('a manifest of version 1 is read, and names its projects the same way each time', () => {
  const manifest = decodeManifest(encodeSummed(version1), id)
  expect(manifest).toMatchObject({ version: 2, group: { labels: {}, generation: 7 }, policies: [] })
  expect(manifest.elementId).toBeUndefined()
  expect(manifest.disks[0]?.sizeBytes).toBe(2n ** 40n)
  expect(manifest.projects.map(({ path }) => path)).toEqual(['/', '/team', '/team/db'])
  expect(manifest.projects[0]?.id).toBe(ROOT_PROJECT_ID)
  expect(decodeManifest(encodeSummed(version1), id).projects).toEqual(manifest.projects)
})

test.each([
  ['one byte is another', (text: string) => text.replace('"shop"', '"shoq"')],
  ['it is cut short', (text: string) => text.slice(0, -2)],
  ['it is empty', () => ''],
])('a manifest is damaged when %s', (_name, harm) => {
  expect(() => decodeManifest(harm(encodeSummed(version1)), id)).toThrow(
    expect.objectContaining({ reason: 'MANIFEST_DAMAGED' }),
  )
})

test('a manifest of another group, or of a version to come, is not believed', () => {
  const damaged = expect.objectContaining({ reason: 'MANIFEST_DAMAGED' })
  expect(() => decodeManifest(encodeSummed(version1), volumeGroupIds.create())).toThrow(damaged)
  expect(() => decodeManifest(encodeSummed({ ...version1, version: 3 }), id)).toThrow(damaged)
})

test('what says whose a pool is is believed only when it is whole', () => {
  const text = encodeOwner({ elementId: 'a', incarnation: 'b' })
  expect(decodeOwner(text)).toEqual({ elementId: 'a', incarnation: 'b' })
  expect(() => decodeOwner(text.replace('"a"', '"c"'))).toThrow(
    expect.objectContaining({ reason: 'MANIFEST_DAMAGED' }),
  )
})

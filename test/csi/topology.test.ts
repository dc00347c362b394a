import { expect, test } from 'vitest'
import { nodeTopology, reaches } from '../../src/csi/topology.ts'

const element = { site: 'site-1', elementId: 'e-1' }

test('a node is at its site and element, in segments that CSI allows', () => {
  const { segments } = nodeTopology(element)
  expect(segments).toEqual({ 'csi.mooring.storage/site': 'site-1', 'csi.mooring.storage/element': 'e-1' })
})

test.each<[Record<string, string>, boolean]>([
  [{ 'csi.mooring.storage/site': 'site-1' }, true],
  [{ 'csi.mooring.storage/site': 'site-1', 'csi.mooring.storage/element': 'e-2' }, true],
  [{ 'csi.mooring.storage/element': 'e-1' }, true],
  [{ 'csi.mooring.storage/site': 'site-2', 'csi.mooring.storage/element': 'e-1' }, false],
  [{ 'csi.mooring.storage/element': 'e-2' }, false],
  [{}, false],
])('%o is reached: %s', (segments, expected) => {
  expect(reaches({ segments }, element)).toBe(expected)
})

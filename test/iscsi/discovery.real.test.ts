import { afterAll, beforeAll, expect, test } from 'vitest'
import { discoverTargets, isidOf } from '../../src/iscsi/index.ts'
import { Tgtd } from '../support/tgtd.ts'

let tgtd: Tgtd

beforeAll(async () => {
  tgtd = await Tgtd.start()
})
afterAll(() => tgtd?.[Symbol.asyncDispose]())

test('lists the targets, with where they are', async () => {
  const names = Array.from(
    { length: 120 },
    (_, index) => `iqn.2026-01.storage.mooring.test:${'x'.repeat(100)}-${index}`,
  )
  for (const name of names) await tgtd.addTarget(name)
  const found = await discoverTargets({
    portal: { address: '127.0.0.1', port: tgtd.port },
    initiatorName: 'iqn.2026-01.test:initiator',
    isid: isidOf('discovery'),
  })
  expect(found.map(({ targetName }) => targetName).sort()).toEqual(names.sort())
  const portals = [{ address: '127.0.0.1', port: tgtd.port, groupTag: 1 }]
  expect(found.every((target) => JSON.stringify(target.portals) === JSON.stringify(portals))).toBe(true)
})

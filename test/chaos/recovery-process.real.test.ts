import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { createElementEndpoint } from '../../src/endpoints/element/element-endpoint.ts'
import type { InitiatorId } from '../../src/volumegroups/index.ts'
import { Deployment } from '../support/deployment.ts'
import { disagreements } from './agreement.ts'

/** The same as the recovery test, with a real element process and a real target that goes on serving meanwhile. */

const MIB = 1024n * 1024n
const guest = { id: 'guest' as InitiatorId, name: 'iqn.2026-01.test:guest', maxAttachments: 0 }

test('an element that lost its database is the same element again, serves nothing unasked, and needs nobody', async () => {
  const deployment = await Deployment.start({ name: 'mooring-recover', onStop: 'serve', elementOnly: true })
  onTestFinished(() => deployment[Symbol.asyncDispose]())
  const element = createElementEndpoint({ socketPath: deployment.elementSocket })
  onTestFinished(() => element[Symbol.asyncDispose]())
  const disk = await element.createDisk({
    ...{ name: 'data', project: '/team', createProject: true, group: { kind: 'named', name: 'shop' } },
    ...{ size: { requiredBytes: 16n * MIB, limitBytes: undefined }, attributes: { claim: 'pvc-1' } },
  })
  const point = await element.createGroupPoint({ name: 'before', groupId: disk.groupId })
  await element.registerInitiator(guest)
  const grant = { diskId: disk.id, initiatorId: guest.id, readOnly: false, shared: false }
  await element.grant(grant)
  const { elementId } = await element.status()
  expect((await element.listRecoveries()).items).toEqual([])

  await deployment.kill('element', 'SIGKILL')
  for (const end of ['', '-wal', '-shm'])
    rmSync(join(deployment.folder, `element/element.db${end}`), { force: true })
  await deployment.run('element')
  expect((await element.status()).elementId).toBe(elementId)
  expect(await element.getDisk(disk.id)).toEqual(disk)
  expect(await element.getRecoveryPoint(point.id)).toEqual(point)
  expect(await disagreements(deployment)).toEqual([]) // nor is the LUN of the grant that nobody knows of served
  const { items } = await element.listRecoveries()
  expect(items).toMatchObject([{ isRestored: true, counts: { adoptGroup: 1, adoptDisk: 1, adoptPoint: 1 } }])

  await element.registerInitiator(guest)
  await element.grant(grant)
  await deployment.kill('element', 'SIGKILL')
  await deployment.run('element')
  expect((await element.listRecoveries()).items).toEqual(items)
  expect(await disagreements(deployment)).toEqual([])
})

import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { volumeSpecOf } from '../../../../src/initiators/userspace/volume-spec.ts'
import { openIscsiDevice } from '../../../../src/initiators/userspace/worker/iscsi-device.ts'
import { TgtDisks } from '../tgt-disks.ts'

const SIZE = 8 * 1024 * 1024
let disks: TgtDisks

beforeAll(async () => {
  disks = await TgtDisks.start()
})
afterAll(() => disks?.[Symbol.asyncDispose]())

const never = new AbortController().signal

test('a target that is offline for a moment, as while another disk of it grows, only delays the opening', async () => {
  const disk = await disks.newDisk(SIZE)
  await disks.tgtd.setState(disk.tid, 'offline')
  const opening = openIscsiDevice(volumeSpecOf(disk), () => {}, never)
  await sleep(300)
  await disks.tgtd.setState(disk.tid, 'ready')
  const device = await opening
  expect(device.sizeBytes).toBe(SIZE)
  await device.close()
})

test('a target that stays offline is told as such', async () => {
  const disk = await disks.newDisk(SIZE)
  await disks.tgtd.setState(disk.tid, 'offline')
  const opening = openIscsiDevice(volumeSpecOf(disk), () => {}, never)
  await expect(opening).rejects.toMatchObject({ reason: 'INITIATOR_UNAVAILABLE' })
})

test('a refused login is told at once', async () => {
  const disk = await disks.newDisk(SIZE, { chap: true })
  const wrong = { ...volumeSpecOf(disk), chap: { user: disk.chap!.user, secret: 'not-the-secret-of-it' } }
  await expect(openIscsiDevice(wrong, () => {}, never)).rejects.toMatchObject({ reason: 'LOGIN_REFUSED' })
})

import { afterAll, beforeAll, expect, test } from 'vitest'
import type { NodeGetInfoResponse } from '../../src/csi/messages.ts'
import { createElementEndpoint } from '../../src/endpoints/element/element-endpoint.ts'
import { callTgtd } from '../../src/host/targets/tgt/ipc.ts'
import { deleteLun, identifyLun, newLun, showTargets } from '../../src/host/targets/tgt/requests.ts'
import { parseTargets } from '../../src/host/targets/tgt/show.ts'
import { type DiskId, diskIds, type InitiatorId, naaOf, serialOf } from '../../src/volumegroups/index.ts'
import { byLength } from '../support/duration.ts'
import { GuestSite, type GuestVolume } from './support/guest-site.ts'

/**
 * What can happen to a guest and its disks, seen from the node plugin on the guest's own kernel. What the initiator
 * alone has to stand is in test/initiators/open-iscsi.
 */

const POWER_CUTS = byLength(1, 10)
const LIMIT = { timeout: byLength(600_000, 3_600_000) }
/** Numbers in a file, one after another; the console hears of each as soon as it is durable. */
const WRITER = `
import os, sys
file = os.open(sys.argv[1], os.O_RDWR | os.O_CREAT | os.O_APPEND)
console = os.open("/dev/console", os.O_WRONLY)
number = int(sys.argv[2])
while True:
    os.write(file, b"%d\\n" % number)
    os.fsync(file)
    os.write(console, b"durable %d\\n" % number)
    number += 1
`

let site: GuestSite
beforeAll(async () => {
  site = await GuestSite.start('faults', { healSeconds: 3600 })
}, 600_000)
afterAll(() => site?.[Symbol.asyncDispose]())

test(
  "another disk at the LUN: NodeStageVolume and NodeUnstageVolume refuse, with both disks' serials",
  LIMIT,
  async () => {
    const volume = await site.create('mine', 'block', 32)
    const [diskId, other] = [volume.volumeId as DiskId, diskIds.create()]
    await grant(diskId)
    await giveLun(diskId, other)
    await refusesBoth(site.attach(volume), diskId, other)
    expect(await site.sessionCount()).toBe(0)
    await site.attach(volume)
    await giveLun(diskId, other)
    await refusesBoth(site.detach(volume), diskId, other)
    await giveLun(other, diskId)
    await site.attach(volume)
    await site.detach(volume)
  },
)

test('after a power cut nothing logs in unasked, and every acknowledged fsync is there', LIMIT, async () => {
  await site.configure({ healSeconds: 5 })
  const volume = await site.create('survivor', 'mount', 64)
  await site.attach(volume)
  await site.guest.run('cat > /root/writer.py && sync', { input: WRITER })
  for (let cut = 1; cut <= POWER_CUTS; cut += 1) {
    await writeUntilPowerCut(volume, durable() + 1)
    const before = durable()
    expect(before).toBeGreaterThanOrEqual(cut * 20)
    await site.guest.start()
    await site.startNode()
    const records = () => site.initiatorRecords()
    await expect.poll(records, { timeout: 120_000, interval: 1000 }).toEqual([])
    expect(await site.sessionCount()).toBe(0)
    await site.attach(volume)
    const numbers = (await site.guest.output(`cat ${volume.target}/file`)).split('\n').slice(0, before)
    expect(numbers).toEqual(Array.from({ length: before }, (_, index) => String(index + 1)))
    await site.guest.run(`truncate -s ${`${numbers.join('\n')}\n`.length} ${volume.target}/file`)
  }
  await site.detach(volume)
  expect(await site.sessionCount()).toBe(0)
})

async function refusesBoth(call: Promise<void>, ...disks: readonly DiskId[]): Promise<void> {
  const outcome = await call.then(
    () => 'it went through',
    (error: Error) => error.message,
  )
  for (const disk of disks) expect(outcome).toContain(serialOf(disk))
}

/** As its node would, when it stages the disk. */
async function grant(diskId: DiskId): Promise<void> {
  await using groups = createElementEndpoint({ socketPath: site.deployment.elementSocket })
  const { nodeId } = await site.node.call<NodeGetInfoResponse>('NodeGetInfo')
  await groups.grant({ diskId, initiatorId: nodeId as InitiatorId, readOnly: false, shared: false })
}

/** The last number that the guest was told is durable; 0 before the first. */
function durable(): number {
  const found = [...site.guest.console().matchAll(/^durable (\d+)\r?$/gm)].at(-1)
  return Number(found?.[1] ?? 0)
}

async function writeUntilPowerCut({ target }: GuestVolume, first: number): Promise<void> {
  await site.guest.run(
    `setsid python3 /root/writer.py ${target}/file ${first} < /dev/null > /dev/null 2>&1 &`,
  )
  await expect.poll(durable, { timeout: 120_000, interval: 100 }).toBeGreaterThan(first + 20)
  await site.guest.powerCut()
}

/** Has the target say that the LUN is another disk: another serial number, another NAA. */
async function giveLun(from: DiskId, to: DiskId): Promise<void> {
  const socket = site.deployment.targetSocket
  const targets = parseTargets(await callTgtd(socket, showTargets))
  for (const { tid, luns } of targets) {
    const found = luns.find(({ serial }) => serial === serialOf(from))
    if (found === undefined) continue
    const one = { ...found, serial: serialOf(to), naa: naaOf(to) }
    await callTgtd(socket, deleteLun(tid, found.lun))
    await callTgtd(socket, newLun(tid, one as never))
    await callTgtd(socket, identifyLun(tid, one as never))
    return
  }
  throw new Error(`the target shows no LUN of ${from}`)
}

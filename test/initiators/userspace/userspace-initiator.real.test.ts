import { open } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { run } from '../../../src/host/exec.ts'
import type { AttachedDevice } from '../../../src/volumegroups/index.ts'
import { CONTRACT_DISK_BYTES, initiatorContract } from '../../contract/initiator.ts'
import { fioVerify } from './fio.ts'
import { type TgtDisk, TgtDisks } from './tgt-disks.ts'
import { UserspaceNode } from './userspace-node.ts'

const MIB = 1024 * 1024

initiatorContract('the userspace initiator', async () => {
  const disks = await TgtDisks.start()
  const node = await UserspaceNode.create()
  return {
    initiator: node.initiator,
    newDisk: (access) => disks.newDisk(CONTRACT_DISK_BYTES, { ...access, chap: true }),
    grow: (connection, sizeBytes) => disks.grow(connection as TgtDisk, sizeBytes),
    restart: async () => node.restart(),
    [Symbol.asyncDispose]: async () => {
      await node[Symbol.asyncDispose]()
      await disks[Symbol.asyncDispose]()
    },
  }
})

describe('a disk of the userspace initiator', () => {
  let disks: TgtDisks
  let node: UserspaceNode

  beforeAll(async () => {
    disks = await TgtDisks.start()
    node = await UserspaceNode.create()
  })

  afterAll(async () => {
    await node?.[Symbol.asyncDispose]()
    await disks?.[Symbol.asyncDispose]()
  })

  async function attached(sizeBytes: number): Promise<[TgtDisk, AttachedDevice]> {
    const disk = await disks.newDisk(sizeBytes)
    onTestFinished(() => node.initiator.detach(disk.diskId))
    return [disk, await node.initiator.attach(disk)]
  }

  test('keeps every byte of mixed block sizes at depth', async () => {
    const [, device] = await attached(256 * MIB)
    await fioVerify(device.path, ['rw=randwrite', 'bsrange=4k-1m', 'iodepth=16', 'size=192m'])
  })

  test('gives space back on discard, and then reads zeroes', async () => {
    const [disk, device] = await attached(64 * MIB)
    await run({
      file: 'dd',
      args: ['if=/dev/urandom', `of=${device.path}`, 'bs=1M', 'count=16', 'oflag=direct'],
    })
    const full = await allocatedBytes(disk.path)
    await run({ file: 'blkdiscard', args: [device.path] })
    expect(await allocatedBytes(disk.path)).toBeLessThan(full - 8 * MIB)
    await run({ file: 'cmp', args: ['-n', String(16 * MIB), device.path, '/dev/zero'] })
  })

  test('survives sessions that the target ends, without an error', async () => {
    const [disk, device] = await attached(128 * MIB)
    const options = ['rw=randwrite', 'bsrange=4k-256k', 'iodepth=16', 'size=96m', 'loops=5']
    const written = fioVerify(device.path, options).then(() => 'verified' as const)
    let kicked = 0
    while ((await Promise.race([written, sleep(150)])) !== 'verified') {
      kicked += await disks.tgtd.kickSessions(disk.tid)
    }
    expect(kicked).toBeGreaterThan(2)
  })

  test('goes on without an error when the keeper is killed, and grows under the next one', async () => {
    const [disk, device] = await attached(64 * MIB)
    const { pid } = await node.status()
    const written = fioVerify(device.path, [
      'rw=randwrite',
      'bsrange=4k-256k',
      'iodepth=16',
      'size=48m',
      'loops=3',
    ])
    written.catch(() => {}) // awaited below
    process.kill(pid, 'SIGKILL')
    const other = await disks.newDisk(16 * MIB)
    await node.initiator.attach(other) // starts the next keeper
    expect((await node.status()).pid).not.toBe(pid)
    await disks.grow(disk, 96 * MIB)
    expect((await node.initiator.refreshSize(disk.diskId)).sizeBytes).toBe(96n * BigInt(MIB))
    await written
    await fioVerify(device.path, ['rw=randwrite', 'bsrange=4k-256k', 'iodepth=16', 'size=96m'])
    await node.initiator.detach(other.diskId)
  })

  test('fails all I/O when the target shows another disk in its place, and can be detached', async () => {
    const [disk, device] = await attached(16 * MIB)
    await disks.replace(disk)
    await disks.tgtd.kickSessions(disk.tid)
    const file = await open(device.path, 'r+')
    await expect(file.write('never').then(() => file.sync())).rejects.toMatchObject({ code: 'EIO' })
    await file.close()
    await expect(node.initiator.attach(disk)).rejects.toMatchObject({ reason: 'IDENTITY_MISMATCH' })
    await node.initiator.detach(disk.diskId)
    expect(await node.initiator.list()).toEqual([])
  })

  test('logs in again with credentials that were changed while it was attached', async () => {
    const disk = await disks.newDisk(16 * MIB, { chap: true })
    onTestFinished(() => node.initiator.detach(disk.diskId))
    const device = await node.initiator.attach(disk)
    const chap = { user: disk.chap!.user, secret: 'the-next-secret-16' }
    await disks.changeSecret(disk, chap)
    await disks.tgtd.kickSessions(disk.tid)
    const session = async () =>
      (await node.initiator.sessions()).find(({ diskId }) => diskId === disk.diskId)?.state
    await expect.poll(session).toBe('reconnecting')
    expect(await node.initiator.repair(async () => disk)).toEqual([]) // the old ones once more
    expect(await session()).toBe('reconnecting')
    await node.initiator.repair(async () => ({ ...disk, chap }))
    await expect.poll(session, { timeout: 10_000 }).toBe('connected')
    await run({ file: 'dd', args: ['if=/dev/zero', `of=${device.path}`, 'bs=1M', 'count=1', 'oflag=direct'] })
  })

  test('fails all I/O when it is lost or granted anew, and is attached anew after that', async () => {
    const [disk, device] = await attached(16 * MIB)
    const file = await open(device.path, 'r+')
    onTestFinished(() => file.close())
    const again = { ...disk, grantedAt: new Date('2026-01-02T00:00:00Z') }
    await expect(node.initiator.attach(again)).rejects.toMatchObject({ reason: 'IDENTITY_MISMATCH' })
    await expect(file.write('never').then(() => file.sync())).rejects.toMatchObject({ code: 'EIO' })
    await expect.poll(() => disks.tgtd.kickSessions(disk.tid)).toBe(0) // nothing of it is left, or comes back
    await file.close()
    await node.initiator.detach(disk.diskId)
    const next = await node.initiator.attach(again)
    await run({ file: 'dd', args: ['if=/dev/zero', `of=${next.path}`, 'bs=1M', 'count=1', 'oflag=direct'] })
  })

  test('is not attached when the login is refused', async () => {
    const disk = await disks.newDisk(16 * MIB, { chap: true })
    const chap = { user: 'node-x', secret: 'not-the-secret-here' }
    await expect(node.initiator.attach({ ...disk, chap })).rejects.toMatchObject({ reason: 'LOGIN_REFUSED' })
    expect(await node.leftovers()).toEqual(
      expect.not.arrayContaining([expect.stringMatching(/^(mount|loop)/)]),
    )
  })

  test('shows no secret in the arguments or environment of any process', async () => {
    const disk = await disks.newDisk(16 * MIB, { chap: true })
    onTestFinished(() => node.initiator.detach(disk.diskId))
    await node.initiator.attach(disk)
    const { pid, workers } = await node.status()
    for (const id of [pid, ...workers.map((worker) => worker.pid)]) {
      const seen = await run({ file: 'cat', args: [`/proc/${id}/cmdline`, `/proc/${id}/environ`] })
      expect(seen.stdout).toContain('node')
      expect(seen.stdout).not.toContain(disk.chap?.secret)
    }
  })
})

async function allocatedBytes(path: string): Promise<number> {
  const file = await open(path, 'r')
  const { blocks } = await file.stat()
  await file.close()
  return blocks * 512
}

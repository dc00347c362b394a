import { mkdir, mkdtemp, open, readFile, rm, stat, truncate } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { pino } from 'pino'
import { describe, expect, onTestFinished, test } from 'vitest'
import { run } from '../../../../src/host/exec.ts'
import { attachLoop, detachLoop, loopsOf } from '../../../../src/host/loop-devices.ts'
import { findMount, unmount } from '../../../../src/host/mounts.ts'
import { canResend, Keeper, keeperSocket } from '../../../../src/initiators/userspace/keeper/keeper.ts'
import type { ServedDisk } from '../../../../src/initiators/userspace/keeper/keeper-protocol.ts'
import { volumeSpecOf } from '../../../../src/initiators/userspace/volume-spec.ts'
import { type Connection, diskIds, naaOf, serialOf } from '../../../../src/volumegroups/index.ts'
import { fioVerify } from '../fio.ts'
import { TgtDisks } from '../tgt-disks.ts'
import { UserspaceNode } from '../userspace-node.ts'

const MIB = 1024 * 1024
const FILE_WORKER = fileURLToPath(new URL('../../../fakes/file-worker.ts', import.meta.url))

async function nodeWithFileWorkers(): Promise<UserspaceNode> {
  const node = await UserspaceNode.create(FILE_WORKER)
  onTestFinished(() => node[Symbol.asyncDispose]())
  return node
}

/** A keeper in this process, over file workers. */
async function keeperOf(options: {
  slotsPerWorker: number
  maxDisks: number
  kernel?: string
}): Promise<Keeper> {
  const stateDir = await mkdtemp(join(tmpdir(), 'mooring-keeper-'))
  const worker = { file: process.execPath, args: [FILE_WORKER, stateDir] }
  const keeper = new Keeper({ stateDir, worker, log: pino({ level: 'silent' }), ...options })
  onTestFinished(async () => {
    for (const { diskId, file } of keeper.list()) {
      for (const device of await loopsOf(file)) await detachLoop(device)
      await keeper.detach(diskId)
    }
    await keeper.stop(true)
    await rm(stateDir, { recursive: true })
  })
  await keeper.start()
  return keeper
}

async function fileDisk(sizeBytes: number): Promise<Connection> {
  const folder = await mkdtemp(join(tmpdir(), 'mooring-file-disk-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  const diskId = diskIds.create()
  const path = join(folder, 'image')
  await (await open(path, 'w')).close()
  await truncate(path, sizeBytes)
  return {
    diskId,
    initiatorName: 'iqn.2026-01.storage.mooring.test:node',
    targetName: path,
    portals: [{ address: '127.0.0.1', port: 1, groupTag: 1 }],
    lun: 1,
    serial: serialOf(diskId),
    naa: naaOf(diskId),
    sizeBytes: BigInt(sizeBytes),
    readOnly: false,
    shared: false,
    grantedAt: new Date('2026-01-01T00:00:00Z'),
    chap: undefined,
  }
}

/** Without the one that is kept ready. */
const disksOfWorkers = (keeper: Keeper): readonly number[] =>
  keeper
    .status()
    .workers.map(({ disks }) => disks)
    .filter((disks) => disks > 0)

/** Until the condition holds; the test's own limit ends it otherwise. */
async function until(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition())) await sleep(20)
}

const isRunning = async (pid: number): Promise<boolean> =>
  stat(`/proc/${pid}`).then(
    () => true,
    () => false,
  )

describe('a worker that dies', () => {
  test('leaves a file system over iSCSI without an error, time and again', async () => {
    const disks = await TgtDisks.start()
    onTestFinished(() => disks[Symbol.asyncDispose]())
    const node = await UserspaceNode.create()
    onTestFinished(() => node[Symbol.asyncDispose]())
    const disk = await disks.newDisk(256 * MIB, { chap: true })
    const { path } = await node.initiator.attach(disk)

    await run({ file: 'mkfs.ext4', args: ['-q', '-E', 'nodiscard', path] })
    const folder = join(node.stateDir, 'mounted')
    await mkdir(folder)
    await run({ file: 'mount', args: ['-t', 'ext4', '-o', 'errors=remount-ro', path, folder] })

    const file = join(folder, 'data')
    const options = ['rw=randwrite', 'bsrange=4k-256k', 'iodepth=16', 'fsync=64', 'size=128m', 'loops=8']
    const written = fioVerify(file, options).then(() => 'verified' as const)
    const killed = new Set<number>()
    while (killed.size < 6 && (await Promise.race([written, sleep(700)])) !== 'verified') {
      const [pid] = (await node.busyWorkers()) as [number]
      if (!(await isRunning(pid))) continue // its successor is about to start
      process.kill(pid, 'SIGKILL')
      killed.add(pid)
    }
    await written
    expect(killed.size).toBeGreaterThan(2)

    await unmount(folder)
    await run({ file: 'e2fsck', args: ['-fn', path] }) // any damage is an exit code
    await node.initiator.detach(disk.diskId)
    await node.stop()
    expect(await node.leftovers()).toEqual([])
  })

  test('leaves everything in order when it is put away for a new one under load', async () => {
    const node = await nodeWithFileWorkers()
    const disk = await fileDisk(256 * MIB)
    const { path } = await node.initiator.attach(disk)
    const options = ['rw=randwrite', 'bsrange=4k-256k', 'iodepth=16', 'size=192m', 'loops=6']
    const written = fioVerify(path, options).then(() => 'verified' as const)
    const seen = new Set(await node.busyWorkers())
    while (seen.size < 5 && (await Promise.race([written, sleep(300)])) !== 'verified') {
      await node.renew()
      for (const pid of await node.busyWorkers()) seen.add(pid)
    }
    await written
    expect(seen.size).toBe(5)
    expect(await readFile(join(node.stateDir, 'keeper.log'), 'utf8')).not.toContain('not drained')
    await node.initiator.detach(disk.diskId)
  })

  test('fails no request, though each time it had just started; its successor can detach', async () => {
    const node = await nodeWithFileWorkers()
    const disk = await fileDisk(16 * MIB)
    const { path } = await node.initiator.attach(disk)
    const args = ['if=/dev/zero', `of=${path}`, 'bs=1M', 'count=8', 'oflag=direct']
    for (let round = 0; round < 4; round += 1) {
      const [pid] = (await node.busyWorkers()) as [number]
      const before = run({ file: 'dd', args })
      process.kill(pid, 'SIGKILL')
      await Promise.all([before, run({ file: 'dd', args })])
    }
    await node.initiator.detach(disk.diskId)
    expect((await node.status()).workers).toMatchObject([{ disks: 0, restarts: 4 }])
  })
})

describe('a keeper', () => {
  test('refuses to stop while disks are attached; stopped, it leaves nothing', async () => {
    const node = await nodeWithFileWorkers()
    const disk = await fileDisk(16 * MIB)
    await node.initiator.attach(disk)
    await expect(node.stop()).rejects.toMatchObject({ reason: 'DEVICE_IN_USE' })
    process.kill((await node.status()).pid, 'SIGTERM')
    await node.initiator.detach(disk.diskId)
    await node.stop()
    expect(await node.leftovers()).toEqual([])
  })

  test('that was stopped by force leaves dead files, which the next attach replaces', async () => {
    const node = await nodeWithFileWorkers()
    const disk = await fileDisk(16 * MIB)
    const { path } = await node.initiator.attach(disk)
    await node.stop(true)
    await expect(
      run({ file: 'dd', args: [`if=${path}`, 'of=/dev/null', 'bs=4k', 'count=1', 'iflag=direct'] }),
    ).rejects.toThrow()

    const again = await node.initiator.attach(disk)
    await run({ file: 'dd', args: [`if=${again.path}`, 'of=/dev/null', 'bs=4k', 'count=8', 'iflag=direct'] })
    await node.initiator.detach(disk.diskId)
    await node.stop()
    expect(await node.leftovers()).toEqual([])
  })

  test('that was killed takes no disk down: its workers serve on until they are detached', async () => {
    const node = await nodeWithFileWorkers()
    const disk = await fileDisk(64 * MIB)
    const device = await node.initiator.attach(disk)
    const [orphan] = await node.busyWorkers()
    process.kill((await node.status()).pid, 'SIGKILL')
    await fioVerify(device.path, ['rw=randwrite', 'bs=64k', 'iodepth=8', 'size=32m'])

    expect(await node.initiator.attach(disk)).toEqual(device)
    expect(await node.busyWorkers()).toEqual([])
    await node.initiator.detach(disk.diskId)
    await until(async () => !(await isRunning(orphan as number)))
    await node.stop()
    expect(await node.leftovers()).toEqual([])
  })

  test('answers root only, and hangs up on whoever breaks the protocol', async () => {
    const node = await nodeWithFileWorkers()
    await node.initiator.detach(diskIds.create())
    const path = keeperSocket(node.stateDir)
    expect((await stat(path)).mode & 0o777).toBe(0o600)
    for (const line of ['not json', '{"id":1,"op":"other"}', `{"id":1,"op":"detach","diskId":"../x"}`]) {
      expect(await sendLine(path, line)).toBe('')
    }
    expect(await sendLine(path, 'x'.repeat(300_000))).toBe('')
    expect(JSON.parse(await sendLine(path, '{"id":7,"op":"list"}'))).toEqual({ id: 7, result: [] })
  })

  test('takes another worker when slots run out, and ends those that are used up', async () => {
    const keeper = await keeperOf({ slotsPerWorker: 2, maxDisks: 4 })
    const disks = await Promise.all([1, 2, 3, 4].map(() => fileDisk(MIB)))
    for (const disk of disks) {
      const { file, sizeBytes } = await keeper.attach(volumeSpecOf(disk))
      expect((await stat(file)).size).toBe(sizeBytes)
    }
    expect(disksOfWorkers(keeper)).toEqual([2, 2])

    const oneMore = await fileDisk(MIB)
    await expect(keeper.attach(volumeSpecOf(oneMore))).rejects.toMatchObject({
      reason: 'ATTACHMENT_LIMIT_REACHED',
    })

    const [first, second] = disks as [Connection, Connection]
    const [{ file }] = keeper.list() as [ServedDisk]
    await keeper.detach(first.diskId)
    expect(await findMount(file)).toBeUndefined()
    await keeper.detach(second.diskId)
    expect(disksOfWorkers(keeper)).toHaveLength(1)
    await keeper.attach(volumeSpecOf(first))
    expect(keeper.list()).toHaveLength(3)
  })
})

test('a kernel that can not resend loses nothing when a worker is renewed under load', async () => {
  const keeper = await keeperOf({ slotsPerWorker: 2, maxDisks: 2, kernel: '6.1.0' })
  expect(keeper.status().survivesCrashes).toBe(false)
  const disk = await fileDisk(256 * MIB)
  const { file } = await keeper.attach(volumeSpecOf(disk))
  const device = await attachLoop(file, { directIo: true, sectorSize: 4096 })
  const options = ['rw=randwrite', 'bsrange=4k-256k', 'iodepth=16', 'size=192m', 'loops=6']
  const written = fioVerify(device, options).then(() => 'verified' as const)
  for (let turn = 0; turn < 4; turn += 1) {
    await sleep(300)
    await keeper.renew()
  }
  await written
  expect(keeper.status().workers).toMatchObject([{ disks: 1, restarts: 4 }])
})

test('a worker whose slots are used up is renewed rather than left with one disk', async () => {
  const keeper = await keeperOf({ slotsPerWorker: 4, maxDisks: 8 })
  const [stays, ...others] = (await Promise.all([1, 2, 3, 4].map(() => fileDisk(MIB)))) as [
    Connection,
    ...Connection[],
  ]
  const { file } = await keeper.attach(volumeSpecOf(stays))
  for (const disk of others) {
    await keeper.attach(volumeSpecOf(disk))
    await keeper.detach(disk.diskId)
  }
  await until(async () =>
    keeper.status().workers.some(({ disks, freeSlots }) => disks === 1 && freeSlots === 3),
  )
  expect((await stat(file)).size).toBe(MIB)
})

test('a disk whose target is gone for good can be abandoned, and then detached from under its file system', async () => {
  const disks = await TgtDisks.start()
  onTestFinished(() => disks[Symbol.asyncDispose]())
  const node = await UserspaceNode.create()
  onTestFinished(() => node[Symbol.asyncDispose]())
  const disk = await disks.newDisk(64 * MIB)
  const { path } = await node.initiator.attach(disk)
  await run({ file: 'mkfs.ext4', args: ['-q', '-E', 'nodiscard,lazy_itable_init=0', path] })
  const folder = join(node.stateDir, 'mounted')
  await mkdir(folder)
  await run({ file: 'mount', args: ['-t', 'ext4', path, folder] })

  const file = await open(join(folder, 'data'), 'w') // without the target, opening would have to wait
  await disks.tgtd.kill()
  const written = file.write(Buffer.alloc(MIB)).then(() => file.sync())
  written.catch(() => {}) // looked at below
  await expect(Promise.race([written, sleep(500)])).resolves.toBeUndefined() // it waits

  const session = { diskId: disk.diskId, detail: expect.stringMatching(/./) }
  expect(await node.initiator.sessions()).toEqual([{ ...session, state: 'reconnecting' }])
  await node.abandon(disk.diskId)
  expect(await node.initiator.sessions()).toEqual([{ ...session, state: 'failed' }])
  await expect(written).rejects.toMatchObject({ code: 'EIO' })
  await file.close()
  await unmount(folder)
  await node.initiator.detach(disk.diskId)
  await node.stop()
  expect(await node.leftovers()).toEqual([])
})

test('only kernels that hand requests out again make crashes harmless', async () => {
  expect(['6.9.0', '6.18.44-x', '7.0.1'].map(canResend)).toEqual([true, true, true])
  expect(['6.8.0-40-generic', '6.1.0', '5.15.0', ''].map(canResend)).toEqual([false, false, false, false])
  expect(typeof canResend(await readFile('/proc/sys/kernel/osrelease', 'utf8'))).toBe('boolean')
})

/** Everything that the keeper answers before it hangs up, or its first line. */
function sendLine(path: string, line: string): Promise<string> {
  return new Promise((resolve) => {
    let answer = ''
    const socket = connect(path, () => socket.write(`${line}\n`))
    socket.on('error', () => {})
    socket.on('close', () => resolve(answer))
    socket.on('data', (chunk) => {
      answer += chunk
      if (answer.endsWith('\n')) socket.destroy()
    })
  })
}

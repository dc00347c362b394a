import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { type AttachedDevice, diskIds, naaOf, serialOf } from '../../../src/volumegroups/index.ts'
import { CONTRACT_DISK_BYTES, initiatorContract } from '../../contract/initiator.ts'
import { HOST_ADDRESS } from '../../guest/support/qemu.ts'
import { isLong } from '../../support/duration.ts'
import { freePort } from '../../support/tgtd.ts'
import { type TgtDisk, TgtDisks } from '../userspace/tgt-disks.ts'
import { GuestNode, seenByGuest } from './guest-node.ts'

const MIB = 1024 * 1024
/** Longer than the target may be silent before the kernel takes the session for broken: 5 s + 5 s. */
const OUTAGE_MS = isLong ? 60_000 : 15_000

let disks: TgtDisks
let node: GuestNode

beforeAll(async () => {
  disks = await TgtDisks.start()
  node = await GuestNode.boot('open-iscsi')
})

afterAll(async () => {
  await node?.[Symbol.asyncDispose]()
  await disks?.[Symbol.asyncDispose]()
})

initiatorContract('the open-iscsi initiator', async () => ({
  initiator: node.initiator,
  devices: node.devices,
  newDisk: (access) => newDisk(access),
  grow: (connection, sizeBytes) => disks.grow(connection as TgtDisk, sizeBytes),
  restart: () => node.restart(),
  [Symbol.asyncDispose]: async () => {},
}))

const newDisk = async (options: { readOnly?: boolean } = {}): Promise<TgtDisk> =>
  seenByGuest(await disks.newDisk(CONTRACT_DISK_BYTES, { ...options, chap: true }))

async function attached(): Promise<[TgtDisk, AttachedDevice]> {
  const disk = await newDisk()
  onTestFinished(() => node.initiator.detach(disk.diskId))
  return [disk, await node.initiator.attach(disk)]
}

/** Writes with fio in the guest until it is stopped, then reads all back, compared by checksum. */
function verified(path: string, seconds: number): Promise<unknown> {
  const fio = `fio --name=v --filename=${path} --ioengine=libaio --direct=1 --verify=crc32c --verify_fatal=1`
  const work = `--verify_state_save=0 --rw=randwrite --bsrange=4k-64k --iodepth=8 --size=24m`
  return node.guest.run(`${fio} ${work} --loops=1000 --runtime=${seconds} --time_based`, {
    timeoutMs: (seconds + 90) * 1000,
  })
}

const records = async (): Promise<readonly string[]> =>
  (await node.guest.output('find /etc/iscsi/nodes -type f 2>/dev/null || true')).split('\n').filter(Boolean)

const sessionCount = async (): Promise<number> =>
  Number(await node.guest.output('ls /sys/class/iscsi_session 2>/dev/null | wc -l'))

async function stateOf(disk: TgtDisk): Promise<string | undefined> {
  return (await node.initiator.sessions()).find(({ diskId }) => diskId === disk.diskId)?.state
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition())) await sleep(200)
}

/** Puts the disk itself back where `replace` has put another one. */
async function putBack(disk: TgtDisk): Promise<void> {
  await disks.tgtd.removeLun(disk.tid, disk.lun)
  await disks.tgtd.addLun(disk.tid, { lun: disk.lun, path: disk.path, serial: disk.serial, naa: disk.naa })
}

describe('on the kernel of a guest', () => {
  test('the preflight finds a node sound, and names each thing that is missing', async () => {
    expect(await node.call('preflight')).toEqual([])
    await node.guest.run('killall -9 iscsid')
    expect(await node.call('preflight')).toEqual([expect.stringContaining('iscsid does not answer')])
    await node.guest.run('iscsid')
    expect(await node.call('preflight')).toEqual([])
  })

  test("another network namespace than the host's is told", async () => {
    const script = '/mooring/test/initiators/open-iscsi/preflight-program.ts'
    const node26 = '/mooring/node_modules/.bin/node'
    const faults = await node.guest.output(`unshare --net ${node26} ${script}`, { timeoutMs: 90_000 })
    expect(JSON.parse(faults)).toEqual([
      expect.stringContaining('network namespace'),
      expect.stringContaining('iscsid does not answer'),
    ])
  })

  test('the programs of the host are run through chroot and through nsenter', async () => {
    for (const access of [
      { kind: 'chroot', root: '/' },
      { kind: 'nsenter', namespace: 'host' },
      { kind: 'nsenter', namespace: 'iscsid' },
    ]) {
      expect(await node.call('versionAt', access)).toMatch(/^iscsiadm version 2\./)
    }
  })

  test('a login that is refused leaves nothing, and no secret stays in a record', async () => {
    const disk = await newDisk()
    const chap = { user: 'node-x', secret: 'not-the-secret-here' }
    await expect(node.initiator.attach({ ...disk, chap })).rejects.toMatchObject({ reason: 'LOGIN_REFUSED' })
    expect(await records()).toEqual([])
    expect(await sessionCount()).toBe(0)
    onTestFinished(() => node.initiator.detach(disk.diskId))
    await node.initiator.attach(disk)
    const [record] = await records()
    expect(await node.guest.output(`cat '${record}'`)).not.toContain(disk.chap?.secret)
  })

  test("another disk's data at the LUN is refused with both serials, at attach and at detach", async () => {
    const [disk, device] = await attached()
    await node.devices.write(device.path, 0, 'mine')
    const other = await disks.replace(disk)
    for (const call of ['detach', 'refreshSize', 'attach'] as const) {
      const refused = call === 'attach' ? node.initiator.attach(disk) : node.initiator[call](disk.diskId)
      await expect(refused).rejects.toMatchObject({ reason: 'IDENTITY_MISMATCH' })
      await expect(refused).rejects.toThrow(disk.serial)
      await expect(refused).rejects.toThrow(serialOf(other))
    }
    expect(await node.initiator.find(disk.diskId)).toBeUndefined()
    await putBack(disk)
    const back = await node.initiator.attach(disk)
    expect(await node.devices.read(back.path, 0, 4)).toBe('mine')
  })

  test('a disk that became another one is failed by repair before a byte reaches the other', async () => {
    const [disk, device] = await attached()
    await node.guest.run(`mkfs.ext4 -q ${device.path} && mkdir -p /mnt && mount ${device.path} /mnt`)
    await disks.replace(disk)
    const faults = await node.initiator.repair([disk] as never)
    expect(faults).toEqual([
      { diskId: disk.diskId, error: expect.objectContaining({ reason: 'IDENTITY_MISMATCH' }) },
    ])
    expect(await stateOf(disk)).toBe('failed')
    await expect(node.guest.run('echo x > /mnt/file && sync -f /mnt')).rejects.toThrow(/error/i)
    await node.guest.run('umount /mnt')
    await node.initiator.repair([disk] as never)
    expect(await sessionCount()).toBe(0)
  })

  test('a LUN number that was given to another disk gets a new device, and none while the old one is used', async () => {
    const [keeper] = await attached() // its session stays
    const lun = 2
    const [first, second] = [
      await disks.tgtd.file('first', MIB * 16),
      await disks.tgtd.file('second', MIB * 16),
    ]
    const [before, after] = [diskIds.create(), diskIds.create()]
    const at = { lun, tid: keeper.tid }
    await disks.tgtd.addLun(at.tid, { lun, path: first, serial: serialOf(before), naa: naaOf(before) })
    await node.guest.run(`echo "0 0 ${lun}" > /sys/class/scsi_host/host*/scan`)
    const old = await node.guest.output('basename /sys/class/scsi_device/*:2/device/block/*')
    await disks.tgtd.removeLun(at.tid, lun)
    await disks.tgtd.addLun(at.tid, { lun, path: second, serial: serialOf(after), naa: naaOf(after) })
    const wanted = {
      ...keeper,
      diskId: after,
      lun,
      serial: serialOf(after),
      naa: naaOf(after),
      sizeBytes: BigInt(16 * MIB),
    }
    const holder = await node.devices.hold(`/dev/${old.trim()}`, 'alone')
    await expect(node.initiator.attach(wanted)).rejects.toMatchObject({ reason: 'IDENTITY_MISMATCH' })
    await holder[Symbol.asyncDispose]()
    const device = await node.initiator.attach(wanted)
    onTestFinished(() => node.initiator.detach(after))
    expect(await node.guest.output(`sg_inq --page=0x80 ${device.path}`)).toContain(serialOf(after))
  })

  test('sessions that the target ends cost no error', async () => {
    const [disk, device] = await attached()
    const written = verified(device.path, 12)
    let kicked = 0
    for (let round = 0; round < 4; round += 1) {
      await sleep(2500)
      kicked += await disks.tgtd.kickSessions(disk.tid)
    }
    await written
    expect(kicked).toBeGreaterThan(1)
  })

  test('an iscsid that is killed, and the session with it, costs no error: it takes the secret from the kernel', async () => {
    const [disk, device] = await attached()
    const written = verified(device.path, 15)
    await sleep(2000)
    await node.guest.run('killall -9 iscsid')
    await disks.tgtd.kickSessions(disk.tid)
    await until(async () => (await stateOf(disk)) === 'reconnecting')
    await node.guest.run('iscsid')
    await written
    expect(await stateOf(disk)).toBe('connected')
  })

  test('a portal that is gone for a while costs no error: I/O waits', async () => {
    const [disk, device] = await attached()
    const written = verified(device.path, 10 + OUTAGE_MS / 1000)
    await sleep(3000)
    await dropPortal(disk.portals[0]!.port)
    await sleep(OUTAGE_MS)
    expect(await stateOf(disk)).toBe('reconnecting')
    expect(await node.initiator.repair([disk] as never)).toEqual([])
    await restorePortals()
    await written
    expect(await stateOf(disk)).toBe('connected')
  })

  test('a session whose credentials are no longer good is made anew with those of now', async () => {
    const [disk, device] = await attached()
    await node.devices.write(device.path, 0, 'flushed')
    const at = ['--mode', 'account', '--tid', String(disk.tid)]
    await disks.tgtd.admin('--op', 'unbind', ...at, '--user', disk.chap!.user)
    const chap = { user: `${disk.chap!.user}-anew`, secret: 'a-new-secret-of-19b' }
    await disks.tgtd.addAccount(disk.tid, chap)
    await disks.tgtd.kickSessions(disk.tid)
    await until(async () => (await stateOf(disk)) === 'reconnecting')
    const renewed = [{ ...disk, chap }]
    await until(async () => {
      await node.initiator.repair(renewed as never)
      return (await stateOf(disk)) === 'connected'
    })
    const after = await node.initiator.find(disk.diskId)
    expect(await node.devices.read(after!.path, 0, 7)).toBe('flushed')
  })

  test('a disk grows under I/O', async () => {
    const [disk, device] = await attached()
    const written = verified(device.path, 8)
    await sleep(2000)
    const larger = CONTRACT_DISK_BYTES + 32 * MIB
    await disks.grow(disk, larger)
    expect((await node.initiator.refreshSize(disk.diskId)).sizeBytes).toBe(BigInt(larger))
    await written
  })

  test('a lost disk fails what waits in it, and nothing logs in for it again', async () => {
    const [disk, device] = await attached()
    const written = verified(device.path, 60)
    const failed = expect(written).rejects.toThrow(/error/i)
    await sleep(2000)
    await dropPortal(disk.portals[0]!.port)
    await until(async () => (await stateOf(disk)) === 'reconnecting')
    await node.initiator.lose(disk.diskId, 'another node has it now')
    await failed
    await restorePortals()
    await node.initiator.repair([disk] as never)
    expect(await stateOf(disk)).toBe('failed')
    expect(await sessionCount()).toBe(0)
  })

  test('three portals are a map, which goes on when two of them are gone', async () => {
    await node.guest.run(`modprobe dm_multipath && cat > /etc/multipath.conf && multipathd`, {
      input: MULTIPATH_CONF,
    })
    const ports = [await freePort(), await freePort()]
    for (const port of ports) {
      await disks.tgtd.admin('--op', 'new', '--mode', 'portal', '--param', `portal=127.0.0.1:${port}`)
    }
    const disk = await newDisk()
    const others = ports.map((port) => ({ address: HOST_ADDRESS, port, groupTag: 1 }))
    const all = { ...disk, portals: [...disk.portals, ...others] }
    onTestFinished(() => node.initiator.detach(disk.diskId))
    const device = await node.initiator.attach(all)
    expect(device.path).toMatch(/^\/dev\/dm-\d+$/)
    const written = verified(device.path, 10 + OUTAGE_MS / 1000)
    await sleep(2000)
    for (const port of ports) await dropPortal(port)
    await until(async () => (await pathsOf(disk)).up === 1)
    expect(await stateOf(disk)).toBe('connected')
    await restorePortals()
    await written
    await until(async () => (await pathsOf(disk)).up === 3)
    await disks.grow(disk, CONTRACT_DISK_BYTES + 16 * MIB)
    expect((await node.initiator.refreshSize(disk.diskId)).sizeBytes).toBe(
      BigInt(CONTRACT_DISK_BYTES + 16 * MIB),
    )
    await node.initiator.detach(disk.diskId)
    expect(await node.guest.output('dmsetup ls --target multipath')).toMatch(/No devices found/)
    expect(await sessionCount()).toBe(0)
    await node.guest.run('killall multipathd')
  })

  test('after a power cut nothing logs in unasked, and repair removes what is left', async () => {
    const disk = await newDisk()
    const device = await node.initiator.attach(disk)
    await node.devices.write(device.path, 0, 'flushed')
    await node.guest.powerCut()
    await node.guest.start()
    await node.start()
    expect(await sessionCount()).toBe(0)
    expect(await node.initiator.list()).toEqual([])
    expect(await node.initiator.repair([disk] as never)).toEqual([])
    expect(await sessionCount()).toBe(0)
    expect(await records()).toEqual([])
    onTestFinished(() => node.initiator.detach(disk.diskId))
    const again = await node.initiator.attach(disk)
    expect(await node.devices.read(again.path, 0, 7)).toBe('flushed')
  })

  async function pathsOf(disk: TgtDisk): Promise<{ up: number; expected: number }> {
    const session = (await node.initiator.sessions()).find(({ diskId }) => diskId === disk.diskId)
    return session!.paths!
  }

  async function dropPortal(port: number): Promise<void> {
    await node.guest.run(`iptables -A OUTPUT -p tcp --dport ${port} -j DROP`)
    onTestFinished(restorePortals)
  }

  const restorePortals = async (): Promise<void> => void (await node.guest.run('iptables -F OUTPUT'))
})

/** What docs/guides/platforms.md says, in short. */
const MULTIPATH_CONF = `
defaults {
  find_multipaths no
  user_friendly_names no
  polling_interval 2
}
devices {
  device {
    vendor ".*"
    product ".*"
    path_grouping_policy multibus
    no_path_retry queue
  }
}
`

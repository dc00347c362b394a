import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { createOpenIscsiInitiator } from '../../../src/initiators/open-iscsi/open-iscsi-initiator.ts'
import {
  type Connection,
  diskIds,
  type InitiatorPlug,
  naaOf,
  serialOf,
} from '../../../src/volumegroups/index.ts'
import { type FakeLun, FakeScsiHost } from '../../fakes/fake-scsi-host.ts'

const MIB = 1024 * 1024
const TARGET = 'iqn.2026-01.storage.mooring:group-a:node'
const SECRET = 'a-secret-of-16-b'
const INITIATOR = 'iqn.2026-01.storage.mooring.node:a'

describe('the open-iscsi initiator', () => {
  let host: FakeScsiHost
  let initiator: InitiatorPlug
  let isPortalOpen: boolean
  let target: { readonly luns: Map<number, FakeLun>; secret: string | undefined }

  beforeEach(async () => {
    const made = await FakeScsiHost.create()
    onTestFinished(() => made[Symbol.asyncDispose]())
    host = made
    isPortalOpen = true
    target = { luns: new Map(), secret: SECRET }
    host.targets.set(TARGET, target)
    initiator = await open()
  })

  const open = (): Promise<InitiatorPlug> =>
    createOpenIscsiInitiator({
      stateDir: join(host.root, 'state'),
      initiatorName: INITIATOR,
      host,
      kernel: host.kernel,
      isPortalOpen: async () => isPortalOpen,
    })

  function newDisk(lun: number, change: Partial<FakeLun> = {}): Connection {
    const diskId = diskIds.create()
    const identity = { serial: serialOf(diskId), naa: naaOf(diskId) }
    target.luns.set(lun, { ...identity, sizeBytes: 64 * MIB, readOnly: false, ...change })
    return {
      diskId,
      initiatorName: INITIATOR,
      targetName: TARGET,
      portals: [{ address: '192.0.2.1', port: 3260, groupTag: 1 }],
      lun,
      ...identity,
      sizeBytes: BigInt(64 * MIB),
      readOnly: false,
      shared: false,
      chap: { user: 'node-a', secret: SECRET },
      grantedAt: new Date(),
    }
  }

  /** As if the disk had been attached over one more portal, which is gone by now. */
  async function addPortal({ diskId }: Connection, portal: Connection['portals'][number]): Promise<void> {
    const file = join(host.root, 'state', `${diskId}.json`)
    const record = JSON.parse(await readFile(file, 'utf8')) as Connection
    await writeFile(file, JSON.stringify({ ...record, portals: [...record.portals, portal] }))
  }

  test('attaches with a record of its own, whole, and logs in over nothing else', async () => {
    const connection = newDisk(1)
    const device = await initiator.attach(connection)
    expect(device).toEqual({
      diskId: connection.diskId,
      path: join(host.root, 'dev/sda'),
      sizeBytes: BigInt(64 * MIB),
      readOnly: false,
    })
    expect(host.usedRecords[0]).toMatch(/^node\.startup = manual$/m)
    expect(host.usedRecords[0]).toMatch(/^node\.session\.scan = manual$/m)
    expect(host.usedRecords[0]).toMatch(/^node\.session\.timeo\.replacement_timeout = -1$/m)
    expect(host.usedRecords[0]).toMatch(new RegExp(`^iface.initiatorname = ${INITIATOR}$`, 'm'))
    expect(await host.records()).toEqual([
      expect.stringMatching(/\/192\.0\.2\.1,3260,1\/mooring\.[0-9a-f]{12}$/),
    ])
  })

  test('shows no secret in an argument, and keeps none in the record once it is logged in', async () => {
    await initiator.attach(newDisk(1))
    expect(host.usedRecords[0]).toContain(SECRET)
    expect(host.commands.join('\n')).not.toContain(SECRET)
    const [record] = await host.records()
    expect(await readFile(record!, 'utf8')).not.toContain(SECRET)
  })

  test('disks of one target share a session, which the last one ends', async () => {
    const [first, second] = [newDisk(1), newDisk(2)]
    await Promise.all([initiator.attach(first), initiator.attach(second)])
    expect(await host.sessionCount()).toBe(1)
    await initiator.detach(first.diskId)
    expect(await initiator.find(second.diskId)).toBeDefined()
    expect(await host.sessionCount()).toBe(1)
    await initiator.detach(second.diskId)
    expect(await host.sessionCount()).toBe(0)
    expect(await host.records()).toEqual([])
  })

  test('a session is not ended while it has a device that is not ours', async () => {
    const connection = newDisk(1)
    await initiator.attach(connection)
    const [session] = await host.kernel.sessions()
    newDisk(7)
    await host.kernel.scan(session!, 7)
    await initiator.detach(connection.diskId)
    expect(await host.sessionCount()).toBe(1)
  })

  test('a LUN that is another disk is refused with both serials, and leaves nothing', async () => {
    const connection = newDisk(1)
    const other = serialOf(diskIds.create())
    target.luns.get(1)!.serial = other
    const refused = await initiator.attach(connection).catch((error: unknown) => error)
    expect(refused).toMatchObject({ reason: 'IDENTITY_MISMATCH' })
    expect(String(refused)).toContain(other)
    expect(String(refused)).toContain(connection.serial)
    expect(await host.sessionCount()).toBe(0)
    expect(await host.records()).toEqual([])
    expect(await initiator.sessions()).toEqual([])
  })

  test('what the kernel kept of the disk that had the LUN before is dropped', async () => {
    const keeper = newDisk(2)
    await initiator.attach(keeper) // holds the session
    newDisk(1)
    const [session] = await host.kernel.sessions()
    await host.kernel.scan(session!, 1)
    const connection = newDisk(1)
    const device = await initiator.attach(connection)
    expect(device.path).toBe(join(host.root, 'dev/sdc'))
  })

  test('a disk that became another one is neither attached again nor detached, but told with both serials', async () => {
    const connection = newDisk(1)
    await initiator.attach(connection)
    const other = newDisk(1)
    for (const refused of [initiator.detach(connection.diskId), initiator.refreshSize(connection.diskId)]) {
      await expect(refused).rejects.toMatchObject({ reason: 'IDENTITY_MISMATCH' })
      await expect(refused).rejects.toThrow(other.serial)
      await expect(refused).rejects.toThrow(connection.serial)
    }
    expect(await initiator.find(connection.diskId)).toBeUndefined()
    expect(await host.sessionCount()).toBe(1)
  })

  test('a target name that only begins like the right one is another target', async () => {
    const connection = newDisk(1)
    await initiator.attach(connection)
    const longer = `${TARGET}-2`
    host.targets.set(longer, { luns: new Map(target.luns), secret: SECRET })
    const second = { ...newDisk(1), targetName: longer }
    host.targets.get(longer)!.luns.set(1, target.luns.get(1)!)
    target.luns.set(1, { ...connection, sizeBytes: 64 * MIB })
    const device = await initiator.attach(second)
    expect((await initiator.find(connection.diskId))?.path).not.toBe(device.path)
    expect(await host.sessionCount()).toBe(2)
  })

  test('a disk with the wrong size is refused', async () => {
    const connection = newDisk(1, { sizeBytes: 32 * MIB })
    await expect(initiator.attach(connection)).rejects.toMatchObject({ reason: 'IDENTITY_MISMATCH' })
    expect(await host.sessionCount()).toBe(0)
  })

  test('a LUN that the target does not show is told, and leaves nothing', async () => {
    const connection = newDisk(1)
    target.luns.delete(1)
    await expect(initiator.attach(connection)).rejects.toMatchObject({ reason: 'INITIATOR_UNAVAILABLE' })
    expect(await host.sessionCount()).toBe(0)
    expect(await host.records()).toEqual([])
  })

  test.each([
    [24, 'LOGIN_REFUSED', /credentials/],
    [19, 'LOGIN_REFUSED', /192\.0\.2\.1:3260 refused/],
    [4, 'INITIATOR_UNAVAILABLE', /192\.0\.2\.1:3260 can not be connected to/],
    [8, 'INITIATOR_UNAVAILABLE', /does not answer/],
    [12, 'INITIATOR_UNAVAILABLE', /iscsi_tcp/],
    [20, 'INITIATOR_UNAVAILABLE', /iscsid does not run/],
    [99, 'INITIATOR_UNAVAILABLE', /error 99/],
  ])('exit code %i of a login is %s', async (exitCode, reason, message) => {
    const connection = newDisk(1)
    await initiator.attach(newDisk(2)) // the iface is there
    await host.dropSession(TARGET)
    host.failWith = exitCode
    const refused = initiator.attach(connection)
    await expect(refused).rejects.toMatchObject({ reason })
    await expect(refused).rejects.toThrow(message)
  })

  test('a record that this version of open-iscsi can not read is made anew, once', async () => {
    await initiator.attach(newDisk(2))
    await host.dropSession(TARGET)
    host.failWith = 7
    const connection = newDisk(1)
    expect(await initiator.attach(connection)).toMatchObject({ diskId: connection.diskId })
    expect(host.commands.filter((command) => command.includes('--login'))).toHaveLength(3)
  })

  test('takes over a new size', async () => {
    const connection = newDisk(1)
    await initiator.attach(connection)
    target.luns.get(1)!.sizeBytes = 128 * MIB
    expect((await initiator.refreshSize(connection.diskId)).sizeBytes).toBe(BigInt(128 * MIB))
  })

  test('attaching with another access is refused', async () => {
    const connection = newDisk(1, { readOnly: true })
    expect(await initiator.attach({ ...connection, readOnly: true })).toMatchObject({ readOnly: true })
    await expect(initiator.attach(connection)).rejects.toMatchObject({ reason: 'ATTACHED_DIFFERENTLY' })
  })

  test('says how each disk is reached, without asking the target', async () => {
    const { diskId } = await initiator.attach(newDisk(1))
    expect(await initiator.sessions()).toEqual([{ diskId, state: 'connected', detail: '' }])
    await host.setState(TARGET, 'FAILED')
    expect(await initiator.sessions()).toEqual([
      { diskId, state: 'reconnecting', detail: 'no way to it over 192.0.2.1:3260' },
    ])
  })

  test('finds and detaches what is attached when its own record is lost', async () => {
    const connection = newDisk(1)
    const device = await initiator.attach(connection)
    await host.forgetState()
    const next = await open()
    expect(await next.find(connection.diskId)).toEqual(device)
    await next.detach(connection.diskId)
    expect(await host.sessionCount()).toBe(0)
    expect(await host.records()).toEqual([])
  })

  describe('repair', () => {
    const noConnection = (): Promise<never> => Promise.reject(new Error('no login was needed'))

    test('leaves alone what works', async () => {
      await initiator.attach(newDisk(1))
      const before = host.commands.length
      expect(await initiator.repair(noConnection)).toEqual([])
      expect(host.commands).toHaveLength(before)
    })

    test('logs in again with the credentials of now, and finds the device', async () => {
      const connection = newDisk(1)
      await initiator.attach(connection)
      await host.dropSession(TARGET)
      target.secret = 'another-secret-16'
      const renewed = { ...connection, chap: { user: 'node-a', secret: target.secret } }
      expect(await initiator.repair(async () => renewed)).toEqual([])
      expect(await initiator.find(connection.diskId)).toMatchObject({ diskId: connection.diskId })
    })

    test('does not end a session that is broken: the kernel makes it again', async () => {
      const connection = newDisk(1)
      const device = await initiator.attach(connection)
      await host.setState(TARGET, 'FAILED')
      expect(await initiator.repair(async () => connection)).toEqual([])
      expect(await host.sessionCount()).toBe(1)
      expect(await initiator.find(connection.diskId)).toEqual(device)
    })

    test('ends a session that the target will never take again, once it could say so', async () => {
      const connection = newDisk(1)
      const before = await initiator.attach(connection)
      await host.setState(TARGET, 'FAILED')
      target.secret = 'another-secret-16'
      const renewed = { ...connection, chap: { user: 'node-a', secret: target.secret } }
      isPortalOpen = false
      await initiator.repair(async () => renewed)
      expect(await initiator.find(connection.diskId)).toEqual(before)
      isPortalOpen = true
      expect(await initiator.repair(async () => renewed)).toEqual([])
      expect(await initiator.find(connection.diskId)).toMatchObject({ path: join(host.root, 'dev/sdb') })
    })

    test('looks at the paths that work, also while another portal is gone', async () => {
      const connection = newDisk(1)
      await initiator.attach(connection)
      const gone = { address: '192.0.2.2', port: 3260, groupTag: 1 }
      await addPortal(connection, gone)
      newDisk(1)
      isPortalOpen = false
      const [fault] = await initiator.repair(async () => ({
        ...connection,
        portals: [...connection.portals, gone],
      }))
      expect(fault).toMatchObject({ error: { reason: 'IDENTITY_MISMATCH' } })
    })

    test('makes the device of a LUN that is missing', async () => {
      const connection = newDisk(1)
      await initiator.attach(connection)
      const [session] = await host.kernel.sessions()
      await host.kernel.remove((await host.kernel.device(session!, 1))!)
      expect(await initiator.find(connection.diskId)).toBeUndefined()
      await initiator.repair(noConnection)
      expect(await initiator.find(connection.diskId)).toBeDefined()
    })

    test('fails a disk for good that became another one', async () => {
      const connection = newDisk(1)
      await initiator.attach(connection)
      const { serial } = newDisk(1)
      const faults = await initiator.repair(noConnection)
      expect(faults).toEqual([
        { diskId: connection.diskId, error: expect.objectContaining({ reason: 'IDENTITY_MISMATCH' }) },
      ])
      expect(await initiator.sessions()).toEqual([
        { diskId: connection.diskId, state: 'failed', detail: expect.stringContaining(serial) },
      ])
      expect(await host.sessionCount()).toBe(0)
      await initiator.repair(noConnection)
      expect(await host.sessionCount()).toBe(0)
      await initiator.detach(connection.diskId)
      expect(await initiator.sessions()).toEqual([])
    })

    test('ends sessions and removes records that no disk needs, and none of others', async () => {
      const connection = newDisk(1)
      await initiator.attach(connection)
      const [session] = await host.kernel.sessions()
      await host.kernel.remove((await host.kernel.device(session!, 1))!)
      await host.forgetState()
      const [record] = await host.records()
      const foreign = record!.replace(/[^/]+$/, 'default')
      await writeFile(foreign, 'node.name = x\n')
      await (await open()).repair(noConnection)
      expect(await host.sessionCount()).toBe(0)
      expect(await host.records()).toEqual([foreign])
    })
  })
})

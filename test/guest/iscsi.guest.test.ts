import { afterAll, beforeAll, expect, test } from 'vitest'
import { Tgtd } from '../support/tgtd.ts'
import { bootGuest, type Guest } from './support/guest.ts'
import { HOST_ADDRESS } from './support/qemu.ts'

const TARGET = 'iqn.2026-01.test:smoke'
const SERIAL = 'smoke-serial-1'

let guest: Guest
let tgtd: Tgtd

beforeAll(async () => {
  tgtd = await Tgtd.start()
  guest = await bootGuest()
})

afterAll(async () => {
  await guest?.[Symbol.asyncDispose]()
  await tgtd?.[Symbol.asyncDispose]()
})

test("the guest's kernel logs in to a target of this machine and reads the disk's serial", async () => {
  const tid = await tgtd.addTarget(TARGET)
  const path = await tgtd.file('disk', 16 * 1024 * 1024)
  await tgtd.addLun(tid, { lun: 1, path, serial: SERIAL, naa: '60014055a1b2c3d4e5f60718293a4b5c' })
  const record = `-m node -T ${TARGET} -p ${HOST_ADDRESS}:${tgtd.port},1`
  await guest.run(`modprobe iscsi_tcp && iscsid && iscsiadm ${record} -o new && iscsiadm ${record} --login`)
  const disk = '/dev/disk/by-id/scsi-360014055a1b2c3d4e5f60718293a4b5c'
  await guest.run(`udevadm settle && udevadm wait --timeout=20 ${disk}`)
  expect(await guest.output(`sg_inq --page=0x80 ${disk}`)).toContain(SERIAL)
  expect((await guest.output(`blockdev --getsize64 ${disk}`)).trim()).toBe(String(16 * 1024 * 1024))
  await guest.run(`iscsiadm ${record} --logout && iscsiadm ${record} -o delete`)
})

test("the project's own Node.js runs the tree under test in the guest", async () => {
  expect((await guest.output('/mooring/node_modules/.bin/node --version')).trim()).toBe(process.version)
  const script =
    "import('/mooring/src/volumegroups/index.ts').then((it) => process.stdout.write(typeof it.StorageError))"
  expect((await guest.output(['/mooring/node_modules/.bin/node', '-e', script])).trim()).toBe('function')
})

test('a command that fails, or takes too long, is told with what it printed', async () => {
  await expect(guest.run('echo out; echo err >&2; exit 3')).rejects.toThrow(/exit code 3[\s\S]*out\nerr/)
  expect(await guest.run('exit 3', { okCodes: [3] })).toEqual({ exitCode: 3, stdout: '', stderr: '' })
  await expect(guest.run('echo before >&2; sleep 60', { timeoutMs: 500 })).rejects.toThrow(
    /longer than 500 ms: before/,
  )
  expect(await guest.output(['cat'], { input: 'bytes' })).toBe('bytes')
})

test('commands run side by side', async () => {
  const late = guest.output('while ! [ -e /tmp/go ]; do sleep 0.1; done; echo went')
  await guest.run('touch /tmp/go')
  expect(await late).toBe('went\n')
})

test('after a power cut the disk is there with what was flushed', async () => {
  await guest.run('echo kept > /root/kept && sync')
  await guest.powerCut()
  await expect(guest.run('true')).rejects.toThrow()
  await guest.start()
  expect(await guest.output('cat /root/kept')).toBe('kept\n')
  expect(guest.console()).toContain('Linux version')
})

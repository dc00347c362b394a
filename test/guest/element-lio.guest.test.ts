import { afterAll, beforeAll, expect, test } from 'vitest'
import { bootGuest, type Guest } from './support/guest.ts'

/** A whole element in a guest, with the guest's kernel as its target, and the same kernel as the initiator. */

const MOORING = '/mooring/bin/mooring'
const NODE = '/mooring/node_modules/.bin/node'
const LIMIT = { timeoutMs: 120_000 }
const MIB = 1024 * 1024
/** targetcli takes no name with a single label, such as iqn.2026-01.test:host. */
const NAME = 'iqn.2026-01.test.guest:host'
const CONFIG = `
stateDir: /root/state
listen: { socket: /root/element.sock }
pool: { imageFile: /root/pool.img, sizeBytes: 1073741824, mountPoint: /root/pool }
portal: { address: 127.0.0.1, port: 3260 }
target: { kind: lio }
`
/** Sends one request; its body is standard input. */
const CLIENT = `
const [method, path] = process.argv.slice(1)
const headers = { 'idempotency-key': method + path, ...(method === 'GET' ? {} : { 'content-type': 'application/json' }) }
const request = require('node:http').request({ socketPath: '/root/element.sock', method, path, headers }, (answer) => {
  answer.pipe(process.stdout)
  process.exitCode = answer.statusCode < 300 ? 0 : 1
})
process.stdin.pipe(request)
`

const READY = `until grep -q 'element ready' /root/element.log; do
  kill -0 $(cat /root/pid) || { cat /root/element.log; exit 1; }
  sleep 1
done`

let guest: Guest

beforeAll(async () => {
  guest = await bootGuest({ name: 'host', memoryMiB: 2048 })
  await guest.run('cat > /root/element.yaml', { input: CONFIG })
  await guest.run(`echo InitiatorName=${NAME} > /etc/iscsi/initiatorname.iscsi`)
  await guest.run('modprobe -a loop iscsi_tcp && iscsid')
})
afterAll(() => guest?.[Symbol.asyncDispose]())

interface Connection {
  readonly targetName: string
  readonly serial: string
  readonly naa: string
  readonly chap: { readonly user: string; readonly secret: string }
}

async function rest(method: string, path: string, body?: object): Promise<unknown> {
  const input = body === undefined ? '' : JSON.stringify(body)
  return JSON.parse(await guest.output([NODE, '-e', CLIENT, method, path], { ...LIMIT, input }))
}

test('without configfs the element says what is missing', async () => {
  const command = [MOORING, 'element', '--config', '/root/element.yaml']
  const { stdout, stderr } = await guest.run(command, { ...LIMIT, okCodes: [1] })
  expect(stdout + stderr).toMatch(
    /can not be an iSCSI target: configfs is not mounted \(modprobe configfs; mount /,
  )
})

test("the element serves a disk from the guest's kernel, with its serial number and NAA", async () => {
  await guest.run('modprobe configfs && mount -t configfs configfs /sys/kernel/config')
  await guest.run(
    `${MOORING} element --config /root/element.yaml >/root/element.log 2>&1 & echo $! >/root/pid`,
  )
  await guest.run(READY, LIMIT)
  const spec = { name: 'data', project: '/', size: { requiredBytes: 64 * MIB } }
  const { id } = (await rest('POST', '/v1/disks', spec)) as { id: string }
  await rest('PUT', '/v1/initiators/host', { name: NAME, maxAttachments: 8 })
  const attachment = `/v1/disks/${id}/attachments/host`
  await rest('PUT', attachment, { readOnly: false, shared: false })
  const { targetName, serial, naa, chap } = (await rest('GET', `${attachment}/connection`)) as Connection
  await logIn(targetName, chap)
  const device = `/dev/disk/by-id/scsi-3${naa}`
  await guest.run(`udevadm wait --timeout=20 ${device}`)
  expect(await guest.output(`sg_inq --page=0x80 ${device}`)).toContain(serial)
  expect((await guest.output(`blockdev --getsize64 ${device}`)).trim()).toBe(String(64 * MIB))
  await guest.run('mkdir -p /run/dbus && dbus-uuidgen --ensure && dbus-daemon --system --fork') // targetcli wants it
  expect(await guest.output('targetcli ls /iscsi', LIMIT)).toContain(targetName)
})

async function logIn(targetName: string, { user, secret }: Connection['chap']): Promise<void> {
  const record = `-m node -T ${targetName} -p 127.0.0.1:3260,1`
  const settings = { authmethod: 'CHAP', username: user, password: secret }
  const update = Object.entries(settings).map(([key, value]) => `-n node.session.auth.${key} -v ${value}`)
  await guest.run(`iscsiadm ${record} -o new && iscsiadm ${record} -o update ${update.join(' ')}`)
  await guest.run(`iscsiadm ${record} --login`)
}

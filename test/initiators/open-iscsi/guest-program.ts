import { createServer, type Socket } from 'node:net'
import { createInterface } from 'node:readline'
import { Host, type HostAccess } from '../../../src/initiators/open-iscsi/host-access.ts'
import { versionCommand } from '../../../src/initiators/open-iscsi/iscsiadm.ts'
import { Kernel } from '../../../src/initiators/open-iscsi/kernel.ts'
import { createOpenIscsiInitiator } from '../../../src/initiators/open-iscsi/open-iscsi-initiator.ts'
import { preflight } from '../../../src/initiators/open-iscsi/preflight.ts'
import {
  asStorageError,
  type Connection,
  type DiskId,
  type InitiatorPlug,
} from '../../../src/volumegroups/index.ts'
import { localDevices } from '../../contract/device-access.ts'
import { GUEST_PORT, NODE_NAME, parseWire, type WireCall, wireText } from './wire.ts'

/** Runs in a guest: the plug itself, and the guest's devices, called over a socket by the test on the host. */

const host = new Host({ kind: 'direct' })
const kernel = new Kernel()
const holders = new Map<string, AsyncDisposable>()
let initiator = await open()

createServer((socket) => {
  const lines = createInterface({ input: socket })
  lines.on('line', (line) => void answer(socket, parseWire(line) as WireCall))
}).listen(GUEST_PORT)

function open(): Promise<InitiatorPlug> {
  return createOpenIscsiInitiator({
    stateDir: '/var/lib/mooring/open-iscsi',
    initiatorName: NODE_NAME,
    host,
    kernel,
  })
}

async function answer(socket: Socket, { id, method, args }: WireCall): Promise<void> {
  try {
    socket.write(`${wireText({ id, result: await METHODS[method]!(...args) })}\n`)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    const { reason, message, cause } = asStorageError(error)
    const why = cause instanceof Error ? `${cause.message}; ${String(cause.cause ?? '')}` : ''
    socket.write(`${wireText({ id, error: { reason, code, message, why } })}\n`)
  }
}

const METHODS: Record<string, (...args: never[]) => Promise<unknown>> = {
  attach: (connection: Connection) => initiator.attach(connection),
  find: (diskId: DiskId) => initiator.find(diskId),
  refreshSize: (diskId: DiskId) => initiator.refreshSize(diskId),
  detach: (diskId: DiskId) => initiator.detach(diskId),
  list: () => initiator.list(),
  sessions: () => initiator.sessions(),
  lose: (diskId: DiskId, why: string) => initiator.lose(diskId, why),
  /** With what the element would answer. */
  repair: async (connections: readonly Connection[]) => {
    const faults = await initiator.repair(async (diskId) => connections.find((one) => one.diskId === diskId)!)
    return faults.map(({ diskId, error }) => ({
      diskId,
      error: { reason: error.reason, message: error.message },
    }))
  },
  restart: async () => {
    initiator = await open()
  },
  versionAt: async (access: HostAccess) => (await new Host(access).run(versionCommand())).stdout,
  preflight: () => preflight({ host, kernel, initiatorName: NODE_NAME }),
  write: (path: string, position: number, text: string) => localDevices.write(path, position, text),
  read: (path: string, position: number, length: number) => localDevices.read(path, position, length),
  hold: async (path: string, how: 'shared' | 'alone', key: string) => {
    holders.set(key, await localDevices.hold(path, how))
  },
  release: async (key: string) => {
    await holders.get(key)?.[Symbol.asyncDispose]()
    holders.delete(key)
  },
}

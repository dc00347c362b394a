import { mkdtemp, rename, rm, stat, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { status } from '@grpc/grpc-js'
import { expect, onTestFinished, test } from 'vitest'
import type { ControllerMethods, DeleteVolumeRequest, ProbeResponse } from '../../src/csi/messages.ts'
import { type ServeCsiOptions, serveCsi } from '../../src/csi/protocol.ts'
import type { Call, Handlers } from '../../src/rpc/call.ts'
import { StorageError } from '../../src/volumegroups/index.ts'
import { CsiClient } from '../fakes/csi-client.ts'
import { memoryLog } from '../fakes/rpc.ts'

const SECRET = 'do-not-tell'

async function socketPath(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'mooring-rpc-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  return join(folder, 'csi.sock')
}

async function start(handlers: Handlers<ControllerMethods>, options: Partial<ServeCsiOptions> = {}) {
  const path = await socketPath()
  const { log, lines } = memoryLog()
  const services = { Identity: { probe: async () => ({ ready: { value: true } }) }, Controller: handlers }
  const server = await serveCsi({ endpoint: `unix://${path}`, services, log, drainMs: 2000, ...options })
  const client = new CsiClient(`unix://${path}`)
  onTestFinished(async () => {
    client[Symbol.dispose]()
    await server[Symbol.asyncDispose]()
  })
  return { path, client, lines, server }
}

/** A handler that holds its call until it is let go. */
function gate() {
  const entered = Promise.withResolvers<Call>()
  const open = Promise.withResolvers<void>()
  const handler = async (_request: DeleteVolumeRequest, call: Call) => {
    entered.resolve(call)
    await open.promise
    return {}
  }
  return { entered: entered.promise, open: open.resolve, handler }
}

test('answers on a socket of mode 0600', async () => {
  const { path, client } = await start({})
  expect(await client.call<ProbeResponse>('Probe')).toEqual({ ready: { value: true } })
  expect((await stat(path)).mode & 0o777).toBe(0o600)
})

test('the socket goes with the server', async () => {
  const { path, server } = await start({})
  await server[Symbol.asyncDispose]()
  await expect(stat(path)).rejects.toMatchObject({ code: 'ENOENT' })
})

test('replaces a socket that nobody answers on', async () => {
  const path = await socketPath()
  await leaveSocketBehind(path)
  const { log } = memoryLog()
  const services = { Identity: { probe: async () => ({ ready: null }) } }
  await using _server = await serveCsi({ endpoint: `unix://${path}`, services, log })
  using client = new CsiClient(`unix://${path}`)
  expect(await client.call('Probe')).toEqual({ ready: null })
})

/** Node removes the socket of a server that it closes, so the file is moved away and back. */
async function leaveSocketBehind(path: string): Promise<void> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(path, resolve))
  await rename(path, `${path}.kept`)
  await new Promise((resolve) => server.close(resolve))
  await rename(`${path}.kept`, path)
}

test('does not take a socket from a process that answers on it', async () => {
  const { path, client } = await start({})
  const { log } = memoryLog()
  await expect(serveCsi({ endpoint: `unix://${path}`, services: { Identity: {} }, log })).rejects.toThrow(
    `another process serves on ${path}`,
  )
  await client.call('Probe')
})

test('does not remove a file that is not a socket', async () => {
  const path = await socketPath()
  await writeFile(path, 'precious')
  const { log } = memoryLog()
  await expect(serveCsi({ endpoint: `unix://${path}`, services: { Identity: {} }, log })).rejects.toThrow(
    'is not a socket',
  )
})

test('a folder that does not exist is told as such', async () => {
  const { log } = memoryLog()
  const endpoint = 'unix:///nonexistent/folder/csi.sock'
  await expect(serveCsi({ endpoint, services: { Identity: {} }, log })).rejects.toThrow(
    'can not listen on /nonexistent/folder/csi.sock',
  )
})

test.each(['tcp://127.0.0.1:1', 'unix:///run/csi', 'unix://csi.sock', `unix:///${'x'.repeat(110)}.sock`])(
  'refuses the endpoint %s',
  async (endpoint) => {
    const { log } = memoryLog()
    await expect(serveCsi({ endpoint, services: { Identity: {} }, log })).rejects.toMatchObject({
      reason: 'INVALID_ARGUMENT',
    })
  },
)

test('an RPC without a handler is unimplemented', async () => {
  const { client } = await start({})
  await expect(client.call('CreateVolume')).rejects.toMatchObject({ code: status.UNIMPLEMENTED })
})

test('a StorageError becomes its status, with reason and advice, and is logged once', async () => {
  const { client, lines } = await start({
    deleteVolume: async () => {
      throw new StorageError('DISK_ATTACHED', 'disk d is attached to node-b', { cause: new Error('inside') })
    },
  })
  const call = client.call('DeleteVolume', { volumeId: 'd', secrets: { password: SECRET } })
  await expect(call).rejects.toMatchObject({
    code: status.FAILED_PRECONDITION,
    details:
      'DISK_ATTACHED: disk d is attached to node-b. Detach the disk from the initiator that the error names.',
  })
  const failures = lines.filter((line) => line.msg === 'rpc failed')
  expect(failures).toHaveLength(1)
  expect(failures[0]).toMatchObject({ rpc: 'DeleteVolume', volumeId: 'd', reason: 'DISK_ATTACHED' })
  expect(failures[0]).toMatchObject({ request: { volumeId: 'd', secrets: '[redacted]' } })
  expect(JSON.stringify(lines)).toContain('inside')
  expect(JSON.stringify(lines)).not.toContain(SECRET)
})

test('what is not a StorageError is INTERNAL, and tells the caller nothing', async () => {
  const { client, lines } = await start({
    deleteVolume: async () => {
      throw new TypeError('x is undefined in /srv/secret-path')
    },
  })
  await expect(client.call('DeleteVolume', { volumeId: 'd' })).rejects.toMatchObject({
    code: status.INTERNAL,
    details: expect.stringMatching(/^INTERNAL: internal error\. /),
  })
  expect(JSON.stringify(lines)).toContain('secret-path')
})

test('a second call for a busy volume is refused at once; another volume is not', async () => {
  const held = gate()
  const { client } = await start({
    deleteVolume: (request, call) => (request.volumeId === 'a' ? held.handler(request, call) : free()),
  })
  const first = client.call('DeleteVolume', { volumeId: 'a' })
  await held.entered
  await expect(client.call('DeleteVolume', { volumeId: 'a' })).rejects.toMatchObject({
    code: status.ABORTED,
    details: expect.stringMatching(/^ENTITY_BUSY: DeleteVolume has been at work on volume a for \d+ ms/),
  })
  await client.call('DeleteVolume', { volumeId: 'b' })
  held.open()
  await first
  await client.call('Probe')
})

const free = async () => ({})

test('more calls than the limit are refused, but Probe always answers', async () => {
  const held = gate()
  const { client } = await start({ deleteVolume: held.handler }, { maxCalls: 1 })
  const first = client.call('DeleteVolume', { volumeId: 'a' })
  await held.entered
  await expect(client.call('DeleteVolume', { volumeId: 'b' })).rejects.toMatchObject({
    code: status.ABORTED,
    details: expect.stringContaining('TOO_MANY_CALLS'),
  })
  await client.call('Probe')
  held.open()
  await first
})

test("the caller's deadline fires the handler's signal", async () => {
  const held = gate()
  const { client } = await start({ deleteVolume: held.handler })
  const call = client.call('DeleteVolume', { volumeId: 'a' }, 200)
  const failed = expect(call).rejects.toMatchObject({ code: status.DEADLINE_EXCEEDED })
  const { signal } = await held.entered
  await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }))
  await failed
  held.open()
})

test('closing lets a call that is under way finish', async () => {
  const held = gate()
  const { client, server } = await start({ deleteVolume: held.handler })
  const call = client.call('DeleteVolume', { volumeId: 'a' })
  await held.entered
  const closed = server[Symbol.asyncDispose]()
  held.open()
  expect(await call).toEqual({})
  await closed
})

test('limits are checked before the handler runs', async () => {
  const { client } = await start({ deleteVolume: free })
  await expect(client.call('DeleteVolume', { volumeId: 'x'.repeat(129) })).rejects.toMatchObject({
    code: status.INVALID_ARGUMENT,
    details: expect.stringContaining('volume_id is 129 bytes long, and the limit is 128'),
  })
})

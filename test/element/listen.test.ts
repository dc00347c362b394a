import { once } from 'node:events'
import { mkdir, mkdtemp, rename, rm, stat, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Fastify from 'fastify'
import { beforeEach, expect, onTestFinished, test } from 'vitest'
import { listen } from '../../src/element/listen.ts'

let socketPath: string

beforeEach(async () => {
  const directory = await mkdtemp(join(tmpdir(), 'mooring-listen-'))
  socketPath = join(directory, 'run', 'element.sock')
  return () => rm(directory, { recursive: true, force: true })
})

const modeOf = async (path: string): Promise<number> => (await stat(path)).mode & 0o777

function createApp() {
  const app = Fastify()
  onTestFinished(() => app.close())
  return app
}

test('only the owner can reach the socket', async () => {
  await listen(createApp(), { socketPath })
  expect(await modeOf(socketPath)).toBe(0o600)
  expect(await modeOf(join(socketPath, '..'))).toBe(0o700)
})

test('a socket at which nobody answers is replaced', async () => {
  await leaveStaleSocket(socketPath)
  expect((await stat(socketPath)).isSocket()).toBe(true)
  await expect(listen(createApp(), { socketPath })).resolves.toBe(socketPath)
})

test('a socket at which somebody answers is left alone', async () => {
  await listen(createApp(), { socketPath })
  await expect(listen(createApp(), { socketPath })).rejects.toThrow('another process answers')
  expect((await stat(socketPath)).isSocket()).toBe(true)
})

test('what is no socket is left alone', async () => {
  const file = join(socketPath, '..', '..', 'data')
  await writeFile(file, 'precious')
  await expect(listen(createApp(), { socketPath: file })).rejects.toThrow('is not a socket')
  expect((await stat(file)).size).toBe(8)
})

test('a port of the loopback address can be taken', async () => {
  await expect(listen(createApp(), { host: '127.0.0.1', port: 0 })).resolves.toMatch(
    /^http:\/\/127\.0\.0\.1:\d+$/,
  )
})

/** What a process leaves that was killed: the file, with nobody behind it. */
async function leaveStaleSocket(path: string): Promise<void> {
  await mkdir(join(path, '..'))
  const server = createServer().listen(`${path}.alive`)
  await once(server, 'listening')
  await rename(`${path}.alive`, path)
  server.close()
  await once(server, 'close')
}

import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach, expect, onTestFinished, test } from 'vitest'
import {
  createElementEndpoint,
  type ElementEndpoint,
} from '../../../src/endpoints/element/element-endpoint.ts'
import { diskIds } from '../../../src/volumegroups/index.ts'

let socketPath: string

beforeEach(async () => {
  const directory = await mkdtemp(join(tmpdir(), 'mooring-transport-'))
  socketPath = join(directory, 'element.sock')
  return () => rm(directory, { recursive: true })
})

/** Something that stands where an element should, and what was asked of it. */
async function standIn(answer: (request: IncomingMessage, response: ServerResponse) => void) {
  const seen: IncomingMessage[] = []
  const server = createServer((request, response) => {
    seen.push(request)
    answer(request, response)
  })
  await new Promise<void>((resolve) => server.listen(socketPath, resolve))
  onTestFinished(() => void server.closeAllConnections())
  onTestFinished(() => void server.close())
  return seen
}

function createEndpoint(timeoutMs = 10_000): ElementEndpoint {
  const endpoint = createElementEndpoint({ socketPath }, { timeoutMs })
  onTestFinished(() => endpoint[Symbol.asyncDispose]())
  return endpoint
}

const keyOf = (request: IncomingMessage | undefined) => request?.headers['idempotency-key']

test('a broken connection is tried again with the same key', async () => {
  const seen = await standIn((request, response) => {
    if (seen.length < 3) request.socket.destroy()
    else response.writeHead(204).end()
  })
  await createEndpoint().deleteDisk(diskIds.create())
  expect(seen).toHaveLength(3)
  expect(keyOf(seen[0])).toMatch(/^[0-9a-f-]{36}$/)
  expect(new Set(seen.map(keyOf)).size).toBe(1)
})

test('each call without a key gets its own; a key of the caller is kept, also when no header can hold it', async () => {
  const seen = await standIn((_, response) => response.writeHead(204).end())
  const endpoint = createEndpoint()
  const id = diskIds.create()
  for (const idempotencyKey of [undefined, undefined, 'mine', 'größe\n', 'größe\n']) {
    await endpoint.deleteDisk(id, {}, { idempotencyKey })
  }
  const keys = seen.map(keyOf)
  expect(keys[0]).not.toBe(keys[1])
  expect(keys[2]).toBe('mine')
  expect(keys[3]).toMatch(/^[0-9a-f]{64}$/)
  expect(keys[4]).toBe(keys[3])
})

test('an endpoint that is not there is unavailable', async () => {
  const call = createEndpoint().status()
  await expect(call).rejects.toMatchObject({
    reason: 'ENDPOINT_UNAVAILABLE',
    message: expect.stringContaining('ENOENT'),
  })
})

test('an endpoint that hangs up each time is unavailable, after a few attempts', async () => {
  const seen = await standIn((request) => request.socket.destroy())
  await expect(createEndpoint().status()).rejects.toMatchObject({ reason: 'ENDPOINT_UNAVAILABLE' })
  expect(seen).toHaveLength(4)
})

test('an endpoint that does not answer in time has missed the deadline', async () => {
  await standIn(() => {})
  await expect(createEndpoint(50).status()).rejects.toMatchObject({ reason: 'DEADLINE_EXCEEDED' })
})

test('a caller that stops waiting stops the call', async () => {
  const caller = new AbortController()
  await standIn(() => caller.abort())
  const call = createEndpoint().status({ signal: caller.signal })
  await expect(call).rejects.toMatchObject({
    reason: 'DEADLINE_EXCEEDED',
    message: 'the caller stopped waiting',
  })
})

test.each([
  ['no JSON', '<html>'],
  ['another shape', '{"items": []}'],
])('an answer that is %s is no answer of an element', async (_, body) => {
  await standIn((_, response) => response.end(body))
  await expect(createEndpoint().status()).rejects.toMatchObject({ reason: 'ENDPOINT_UNAVAILABLE' })
})

test('an answer without end is cut off', async () => {
  const chunk = Buffer.alloc(1024 * 1024, ' ')
  await standIn((_, response) => {
    const more = () => {
      while (!response.destroyed && response.write(chunk));
    }
    response.on('drain', more)
    more()
  })
  await expect(createEndpoint().status()).rejects.toMatchObject({ reason: 'ENDPOINT_UNAVAILABLE' })
})

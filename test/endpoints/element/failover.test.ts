import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, onTestFinished, test, vi } from 'vitest'
import { createElementEndpoints } from '../../../src/endpoints/element/element-endpoint.ts'
import type { FailoverOptions } from '../../../src/endpoints/element/failover.ts'
import type { InitiatorId } from '../../../src/volumegroups/index.ts'

type Manner = 'sound' | 'slow' | 'silent' | 'broken'

/** Something that answers as an element, in the manner that it is told to. */
class StandIn {
  manner: Manner = 'sound'
  elementId: string
  /** What it was asked, but for its status. */
  readonly calls: IncomingMessage[] = []
  looks = 0
  url = ''

  constructor(elementId: string) {
    this.elementId = elementId
  }

  static async start(elementId = 'element-a'): Promise<StandIn> {
    const standIn = new StandIn(elementId)
    const server = createServer((request, response) => standIn.#answer(request, response))
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    standIn.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    onTestFinished(() => void server.close())
    onTestFinished(() => void server.closeAllConnections())
    return standIn
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const isLook = request.url === '/v1/status'
    if (isLook) this.looks += 1
    else this.calls.push(request)
    if (this.manner === 'broken') request.socket.destroy()
    else if (this.manner !== 'silent' && isLook)
      response.end(JSON.stringify({ elementId: this.elementId, name: 'host' }))
    else if (this.manner === 'sound') response.writeHead(204).end()
    else if (this.manner === 'slow') setTimeout(() => response.writeHead(204).end(), TIMING.doubtMs * 8)
  }
}

const NODE = 'node-1' as InitiatorId
const TIMING = { doubtMs: 50, lookMs: 150, lookEveryMs: 20, connectMs: 100 }

/** What makes a call, over these in their order. */
function over(standIns: readonly { readonly url: string }[], options: FailoverOptions = {}) {
  const addresses = standIns.map(({ url }) => ({ url, token: 'secret' }))
  const timing = { ...TIMING, ...options.timing }
  const endpoint = createElementEndpoints(addresses, { timeoutMs: 10_000, ...options, timing })
  onTestFinished(() => endpoint[Symbol.asyncDispose]())
  return (signal?: AbortSignal) => endpoint.removeInitiator(NODE, { signal })
}

const keysOf = ({ calls }: StandIn): unknown[] => calls.map(({ headers }) => headers['idempotency-key'])

test('the first endpoint of the list is used while it is sound', async () => {
  const [local, remote] = [await StandIn.start(), await StandIn.start()]
  const call = over([local, remote])
  for (let round = 0; round < 3; round += 1) await call()
  expect([local.calls.length, remote.calls.length]).toEqual([3, 0])
})

test('a call goes on over the next endpoint with its own key when the connection breaks', async () => {
  const [local, remote] = [await StandIn.start(), await StandIn.start()]
  const call = over([local, remote])
  await call()
  local.manner = 'broken'
  await call()
  expect(remote.calls).toHaveLength(1)
  expect(keysOf(local)).toContain(keysOf(remote)[0])
})

test('nobody at the first address: the next one is asked', async () => {
  const remote = await StandIn.start()
  await over([{ url: 'http://127.0.0.1:9' }, remote])()
  expect(remote.calls).toHaveLength(1)
})

test('an endpoint that takes connections and never answers is left, before and after its first answer', async () => {
  const [local, remote] = [await StandIn.start(), await StandIn.start()]
  local.manner = 'silent'
  await over([local, remote])()
  expect([local.calls.length, remote.calls.length]).toEqual([0, 1])
  local.manner = 'sound'
  const call = over([local, remote])
  await call()
  local.manner = 'silent'
  await call()
  expect(remote.calls).toHaveLength(2)
  expect(keysOf(local)[1]).toBe(keysOf(remote)[1])
})

test('a caller that waits for less time than it takes to find out still makes the next call go elsewhere', async () => {
  const [local, remote] = [await StandIn.start(), await StandIn.start()]
  const call = over([local, remote])
  await call()
  local.manner = 'silent'
  const impatient = () => call(AbortSignal.timeout(TIMING.doubtMs - 10)) // never long enough to be sent anew
  await expect(impatient()).rejects.toMatchObject({ reason: 'DEADLINE_EXCEEDED' })
  await vi.waitFor(impatient, 5000)
  expect(remote.calls).toHaveLength(1)
})

test('an element that is slow with a call, and says that it is there, is waited for', async () => {
  const [local, remote] = [await StandIn.start(), await StandIn.start()]
  const call = over([local, remote])
  await call()
  local.manner = 'slow'
  await call()
  expect(local.looks).toBeGreaterThan(2)
  expect([local.calls.length, remote.calls.length]).toEqual([2, 0])
})

test('another element is refused, and named, though nothing else answers', async () => {
  const [local, stranger] = [await StandIn.start(), await StandIn.start('element-b')]
  const call = over([local, stranger])
  await call()
  local.manner = 'broken'
  const refusal = expect(call()).rejects
  await refusal.toMatchObject({ reason: 'ENDPOINT_UNAVAILABLE' })
  await expect(call()).rejects.toThrow(
    `${stranger.url} is the element element-b (host), not element-a, which ${local.url} names`,
  )
  expect(stranger.calls).toHaveLength(0)
})

test('the element that the configuration names is the only one that is used', async () => {
  const stranger = await StandIn.start('element-b')
  const call = over([stranger], { elementId: 'element-a' })
  await expect(call()).rejects.toMatchObject({ reason: 'ELEMENT_DIFFERS' })
  expect(stranger.calls).toHaveLength(0)
})

test('an address that comes back as another element is not used again', async () => {
  const [local, remote] = [await StandIn.start(), await StandIn.start()]
  const call = over([local, remote])
  await call()
  local.manner = 'broken'
  await call()
  local.elementId = 'element-b' // as a guest finds it that has moved to another host
  local.manner = 'sound'
  const seen = local.looks
  await vi.waitFor(() => expect(local.looks).toBeGreaterThan(seen + 5))
  const before = local.calls.length
  await call()
  expect([local.calls.length, remote.calls.length]).toEqual([before, 2])
})

test('the first endpoint is used again after as many good looks as are needed, and not before', async () => {
  const [local, remote] = [await StandIn.start(), await StandIn.start()]
  const call = over([local, remote], { timing: { looksToReturn: 5 } })
  await call()
  local.manner = 'broken'
  await call()
  const before = local.calls.length
  const seen = local.looks
  local.manner = 'sound'
  await vi.waitFor(async () => {
    await call()
    expect(local.calls.length).toBeGreaterThan(before)
  }, 5000)
  expect(local.looks - seen).toBeGreaterThanOrEqual(5)
  expect(remote.calls.length).toBeGreaterThan(1)
})

test('one that fails again soon after its return needs twice as many good looks', async () => {
  const [local, remote] = [await StandIn.start(), await StandIn.start()]
  let nowMs = 0
  const call = over([local, remote], { timing: { looksToReturn: 2 }, elapsedMs: () => nowMs })
  const looksUntilUsed = async (): Promise<number> => {
    local.manner = 'broken'
    await call()
    const [calls, looks] = [local.calls.length, local.looks]
    local.manner = 'sound'
    await vi.waitFor(async () => {
      await call()
      expect(local.calls.length).toBeGreaterThan(calls)
    }, 5000)
    return local.looks - looks
  }
  await call()
  expect(await looksUntilUsed()).toBeGreaterThanOrEqual(2)
  nowMs += 1000
  expect(await looksUntilUsed()).toBeGreaterThanOrEqual(4)
  expect(await looksUntilUsed()).toBeGreaterThanOrEqual(8)
})

test('when all were given up, the first that answers is used at once', async () => {
  const [local, remote] = [await StandIn.start(), await StandIn.start()]
  const call = over([local, remote], { timing: { lookEveryMs: 60_000 } })
  await call()
  local.manner = 'broken'
  remote.manner = 'broken'
  await expect(call()).rejects.toMatchObject({ reason: 'ENDPOINT_UNAVAILABLE' })
  local.manner = 'sound'
  await call()
  await call()
  expect(remote.calls).toHaveLength(0)
})

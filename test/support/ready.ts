import { setTimeout as sleep } from 'node:timers/promises'
import { Client } from 'undici'

const START_TIMEOUT_MS = 30_000

/** Whether the element that listens at this socket serves. */
export async function isElementReady(socketPath: string): Promise<boolean> {
  const client = new Client('http://element', { socketPath })
  try {
    const { body } = await client.request({ method: 'GET', path: '/v1/status' })
    const status = (await body.json()) as { state?: string }
    return status.state === 'ready'
  } finally {
    await client.close()
  }
}

/** Waits until it is so, for as long as a process may take to start. */
export async function poll(what: string, isReady: () => Promise<boolean>): Promise<void> {
  const end = Date.now() + START_TIMEOUT_MS
  let cause: unknown
  while (Date.now() < end) {
    try {
      if (await isReady()) return
    } catch (error) {
      cause = error
    }
    await sleep(20)
  }
  throw new Error(`${what} was not ready within ${START_TIMEOUT_MS} ms`, { cause })
}

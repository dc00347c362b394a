import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

const CONNECT_LIMIT_MS = 10_000
const POLL_MS = 20

/** Connects to a socket that a program which was just started makes. */
export async function connectSocket(path: string): Promise<Socket> {
  const deadline = Date.now() + CONNECT_LIMIT_MS
  for (;;) {
    try {
      if (!existsSync(path)) throw new Error(`${path} does not exist`)
      const socket = connect(path)
      await once(socket, 'connect')
      return socket
    } catch (cause) {
      if (Date.now() > deadline) throw new Error(`nothing answers at ${path}`, { cause })
      await sleep(POLL_MS)
    }
  }
}

/** Cuts a stream into lines; what a socket leaves unfinished is finished by the next one. */
export function lineReader(take: (line: string) => void): (chunk: Buffer) => void {
  let rest: Buffer[] = []
  return (chunk) => {
    let from = 0
    for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, from)) {
      take(Buffer.concat([...rest, chunk.subarray(from, end)]).toString('utf8'))
      rest = []
      from = end + 1
    }
    if (from < chunk.length) rest.push(chunk.subarray(from))
  }
}

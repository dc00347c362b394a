import { setTimeout as sleep } from 'node:timers/promises'
import { type ServiceError, status } from '@grpc/grpc-js'
import type { CsiClient } from '../fakes/csi-client.ts'
import type { CsiCall } from './csi-calls.ts'

export type Clients = Readonly<Record<CsiCall['to'], CsiClient>>

/** How often each thing happened, by its name. */
export type Tally = Map<string, number>

export const count = (tally: Tally, name: string): void => void tally.set(name, (tally.get(name) ?? 0) + 1)

export const describeTally = (tally: Tally): string =>
  [...tally]
    .toSorted(([a], [b]) => a.localeCompare(b))
    .map(([name, times]) => `${name} ${times}`)
    .join(', ')

const CALL_TIMEOUT_MS = 120_000
/** After this long of ABORTED and abandoned calls, a call counts as hanging. */
const PATIENCE_MS = 120_000

/**
 * Makes calls the way Kubernetes does on a bad day: some twice at the same time, some given up early, some once more
 * after they were done; each until it has succeeded. Any error that a caller need not expect is thrown.
 */
export class UnrulyCaller {
  readonly calls: Tally = new Map()
  readonly errors: Tally = new Map()
  readonly #clients: Clients

  constructor(clients: Clients) {
    this.#clients = clients
  }

  async call<Response>(call: CsiCall): Promise<Response> {
    const end = Date.now() + PATIENCE_MS
    while (Date.now() < end) {
      const response = await this.#attempt<Response>(call)
      if (response !== undefined) return response
      await sleep(10 + Math.random() * 90)
    }
    throw new Error(
      `${call.rpc} did not come to an end within ${PATIENCE_MS} ms: ${JSON.stringify(call.fields)}`,
    )
  }

  /** Undefined when it has to be tried again. */
  async #attempt<Response>(call: CsiCall): Promise<Response | undefined> {
    const mood = Math.random()
    if (mood < 0.15) return this.#twice(call)
    if (mood < 0.3) return this.#send(call, 3 + Math.random() * 300)
    const response = await this.#send<Response>(call)
    if (mood < 0.4 && response !== undefined) await this.#send(call)
    return response
  }

  async #twice<Response>(call: CsiCall): Promise<Response | undefined> {
    const [first, second] = await Promise.all([this.#send<Response>(call), this.#send<Response>(call)])
    return first ?? second
  }

  /** @param giveUpMs the caller's own fault: then it gets DEADLINE_EXCEEDED, and tries again. */
  async #send<Response>({ to, rpc, fields }: CsiCall, giveUpMs?: number): Promise<Response | undefined> {
    count(this.calls, rpc)
    try {
      return await this.#clients[to].call<Response>(rpc, fields, giveUpMs ?? CALL_TIMEOUT_MS)
    } catch (error) {
      const { code, details } = error as ServiceError
      count(this.errors, status[code] ?? 'no status')
      const expected = giveUpMs === undefined ? [status.ABORTED] : [status.ABORTED, status.DEADLINE_EXCEEDED]
      if (expected.includes(code)) return undefined
      throw new Error(`${rpc} ${JSON.stringify(fields)}: ${status[code]} ${details}`, { cause: error })
    }
  }
}

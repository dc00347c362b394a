import { join, resolve } from 'node:path'
import { run } from '../../src/host/exec.ts'

/** Made of test/chaos/linearizability by scripts/setup.sh. */
const CHECKER = join(resolve(import.meta.dirname, '../..'), '.cache/bin/linearizability')
const TIMEOUT_MS = 300_000

export type CallKind = 'create' | 'read' | 'grow' | 'grant' | 'revoke' | 'delete'

/** A disk or group as an answer tells it; the empty id is one that does not exist. */
export interface ObjectState {
  readonly id: string
  readonly sizeMib: number
  readonly holder: string
}

/** A call on one object, with the times of one clock. */
export interface RecordedCall {
  /** Objects are checked one by one: a name of one kind, which one object after another may have. */
  readonly object: string
  readonly client: number
  readonly op: CallKind
  readonly id?: string | undefined
  readonly sizeMib?: number | undefined
  readonly initiator?: string | undefined
  readonly callNs: number
  /** Left out: no answer came. It may take effect at any later time, or never. */
  readonly returnNs?: number | undefined
  readonly answer?: ObjectState | undefined
  readonly error?: 'in_use' | 'not_found' | undefined
}

export interface Verdict {
  /** How many objects have a linearizable history. */
  readonly linearizable: number
  readonly illegal: readonly string[]
  /** Too long to decide. */
  readonly undecided: readonly string[]
}

/** Has Porcupine look for an order of the calls that explains every answer. */
export async function checkHistory(history: readonly RecordedCall[]): Promise<Verdict> {
  const input = history.map((call) => `${JSON.stringify(call)}\n`).join('')
  return JSON.parse((await run({ file: CHECKER, args: [], input }, { timeoutMs: TIMEOUT_MS })).stdout)
}

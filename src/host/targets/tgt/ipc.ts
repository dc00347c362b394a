import { connect } from 'node:net'
import { StorageError } from '../../../volumegroups/index.ts'

/**
 * tgtd's management protocol, as tgtadm speaks it: one request for each connection to its unix socket, a fixed record
 * (host byte order) and a parameter string, answered by a result, a length and a text. Spoken directly because CHAP
 * secrets must not be in any argv, and because a process for each step is most of what an attach would cost.
 */

const MODE = { system: 0, target: 1, lun: 2, portal: 3, connection: 6, account: 7 } as const
const OP = { new: 0, delete: 1, show: 2, bind: 3, unbind: 4, update: 5 } as const

/** What tgtd answers when it refuses; the ones that are told apart here. */
export const TGT_RESULT = {
  noTarget: 4,
  noLun: 5,
  noSession: 6,
  noConnection: 7,
  aclExists: 12,
  noAcl: 13,
  targetActive: 19,
  lunActive: 20,
} as const

/** A request as data. */
export interface TgtRequest {
  readonly mode: keyof typeof MODE
  readonly op: keyof typeof OP
  readonly tid?: number | undefined
  readonly lun?: number | undefined
  readonly session?: bigint | undefined
  readonly connection?: number | undefined
  /** The account is the one by which the target proves itself. */
  readonly outgoing?: boolean | undefined
  /** `name=value` pairs; may hold secrets, never logged. */
  readonly parameters?: string | undefined
}

/** tgtd refused a request. */
export class TgtRefusal extends Error {
  override readonly name = 'TgtRefusal'
  readonly result: number

  constructor({ mode, op, tid, lun }: TgtRequest, result: number) {
    super(`tgtd refused to ${op} ${mode} (target ${tid}, LUN ${lun}) with result ${result}`)
    this.result = result
  }
}

/** A refusal that the task did not expect is told as TARGET_UNAVAILABLE. */
export async function refusing<Result>(task: () => Promise<Result>): Promise<Result> {
  try {
    return await task()
  } catch (error) {
    if (!(error instanceof TgtRefusal)) throw error
    throw new StorageError('TARGET_UNAVAILABLE', 'the iSCSI target daemon refused a change', { cause: error })
  }
}

const DRIVER = 'iscsi'
const REQUEST_BYTES = 120
const ANSWER_BYTES = 8
const CALL_TIMEOUT_MS = 10_000
const MAX_ANSWER_BYTES = 64 * 1024 * 1024

/** Makes one request; gives back the text of the answer. Throws TgtRefusal or TARGET_UNAVAILABLE. */
export async function callTgtd(socketPath: string, request: TgtRequest): Promise<string> {
  const answer = await exchange(socketPath, encodeRequest(request)).catch((cause) => {
    throw new StorageError('TARGET_UNAVAILABLE', 'the iSCSI target daemon does not answer', { cause })
  })
  const result = answer.readInt32LE(0)
  if (result !== 0) throw new TgtRefusal(request, result)
  return answer.toString('utf8', ANSWER_BYTES).replace(/\0+$/, '')
}

export function encodeRequest(request: TgtRequest): Buffer {
  const parameters = request.parameters === undefined ? '' : `${request.parameters}\0`
  const record = Buffer.alloc(REQUEST_BYTES)
  record.writeUInt32LE(MODE[request.mode], 0)
  record.writeUInt32LE(OP[request.op], 4)
  record.write(DRIVER, 8, 'latin1')
  record.writeUInt32LE(REQUEST_BYTES + Buffer.byteLength(parameters), 72)
  record.writeInt32LE(request.tid ?? -1, 76)
  record.writeBigUInt64LE(request.session ?? 0n, 80)
  record.writeBigUInt64LE(request.lun === undefined ? 2n ** 64n - 1n : BigInt(request.lun), 88)
  record.writeUInt32LE(request.connection ?? 0, 96)
  record.writeUInt32LE(request.outgoing ? 1 : 0, 108)
  return Buffer.concat([record, Buffer.from(parameters, 'utf8')])
}

function exchange(socketPath: string, request: Buffer): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const socket = connect(socketPath)
    const chunks: Buffer[] = []
    let received = 0
    const timer = setTimeout(
      () => socket.destroy(new Error(`no answer in ${CALL_TIMEOUT_MS} ms`)),
      CALL_TIMEOUT_MS,
    )
    socket.on('connect', () => socket.write(request))
    socket.on('data', (chunk: Buffer) => {
      chunks.push(chunk)
      received += chunk.length
      if (received > MAX_ANSWER_BYTES) socket.destroy(new Error('the answer is too long'))
      else if (received >= ANSWER_BYTES) finishIfWhole()
    })
    const finishIfWhole = (): void => {
      const answer = Buffer.concat(chunks)
      if (received < answer.readUInt32LE(4)) return
      resolve(answer)
      socket.destroy()
    }
    socket.on('error', reject)
    socket.on('close', () => {
      clearTimeout(timer)
      reject(new Error('the connection ended before the answer did'))
    })
  })
}

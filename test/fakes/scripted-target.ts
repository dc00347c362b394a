import { once } from 'node:events'
import { createServer, type Server, type Socket } from 'node:net'
import { crc32c } from '../../src/iscsi/crc32c.ts'

/** A PDU that the initiator sent. */
export interface ReceivedPdu {
  readonly opcode: number
  readonly bhs: Buffer
  readonly data: Buffer
}

export interface PduFields {
  readonly opcode: number
  readonly flags?: number
  readonly itt?: number
  readonly data?: Uint8Array
  /** Big-endian 32-bit words by offset. */
  readonly words?: Readonly<Record<number, number>>
  readonly bytes?: Readonly<Record<number, number>>
}

const NO_TAG = 0xffffffff
const WINDOW = 32

/** What one connection does. A script that returns leaves the connection open. */
export type Script = (peer: Peer, connection: number) => Promise<void>

/** The connection was closed by the initiator, or by the script itself. */
export class PeerGone extends Error {}

/** One connection, as the target sees it: takes whole PDUs, sends whatever the script says, right or wrong. */
export class Peer {
  statSn = 100
  expCmdSn = 0
  window = WINDOW
  headerDigest = false
  dataDigest = false
  /** Spoils the digests of what is sent. */
  spoilHeaderDigest = false
  spoilDataDigest = false
  readonly socket: Socket
  #buffered: Buffer = Buffer.alloc(0)
  #wake: (() => void) | undefined
  #gone = false

  constructor(socket: Socket) {
    this.socket = socket
    socket.on('data', (chunk: Buffer) => {
      this.#buffered = Buffer.concat([this.#buffered, chunk])
      this.#wake?.()
    })
    socket.on('error', () => {}) // the initiator may reset the connection: close follows
    socket.on('close', () => {
      this.#gone = true
      this.#wake?.()
    })
  }

  async next(): Promise<ReceivedPdu> {
    const bhs = await this.#take(48)
    if (this.headerDigest) await this.#take(4)
    const bytes = bhs.readUIntBE(5, 3)
    const data = (await this.#take(bytes + (-bytes & 3))).subarray(0, bytes)
    if (this.dataDigest && bytes > 0) await this.#take(4)
    const opcode = bhs[0]! & 0x3f
    const immediate = (bhs[0]! & 0x40) !== 0
    const numbered = [0x00, 0x01, 0x02, 0x04, 0x06].includes(opcode)
    if (numbered && !immediate) this.expCmdSn = (bhs.readUInt32BE(24) + 1) >>> 0
    return { opcode, bhs, data }
  }

  /** Takes PDUs up to one of this type. */
  async expect(opcode: number): Promise<ReceivedPdu> {
    for (;;) {
      const pdu = await this.next()
      if (pdu.opcode === opcode) return pdu
    }
  }

  /** StatSN, ExpCmdSN and MaxCmdSN are filled in; `words` and `bytes` go on top. */
  send(fields: PduFields): void {
    this.raw(this.encode(fields))
  }

  /** Like `send`, and uses up a StatSN. */
  sendStatus(fields: PduFields): void {
    this.send(fields)
    this.statSn = (this.statSn + 1) >>> 0
  }

  encode(fields: PduFields): Buffer {
    const data = fields.data ?? Buffer.alloc(0)
    const bhs = Buffer.alloc(48)
    bhs[0] = fields.opcode
    bhs[1] = fields.flags ?? 0x80
    bhs.writeUIntBE(data.length, 5, 3)
    bhs.writeUInt32BE(fields.itt ?? NO_TAG, 16)
    bhs.writeUInt32BE(NO_TAG, 20)
    bhs.writeUInt32BE(this.statSn, 24)
    bhs.writeUInt32BE(this.expCmdSn, 28)
    bhs.writeUInt32BE((this.expCmdSn + this.window - 1) >>> 0, 32)
    for (const [offset, value] of Object.entries(fields.words ?? {})) bhs.writeUInt32BE(value, Number(offset))
    for (const [offset, value] of Object.entries(fields.bytes ?? {})) bhs[Number(offset)] = value
    const padded = Buffer.concat([data, Buffer.alloc(-data.length & 3)])
    const parts: Buffer[] = [bhs]
    if (this.headerDigest) parts.push(digest(bhs, this.spoilHeaderDigest))
    parts.push(padded)
    if (this.dataDigest && data.length > 0) parts.push(digest(padded, this.spoilDataDigest))
    return Buffer.concat(parts)
  }

  raw(bytes: Buffer): void {
    if (!this.#gone) this.socket.write(bytes)
  }

  scsiResponse(itt: number, status = 0, sense?: readonly [key: number, asc: number, ascq: number]): void {
    this.sendStatus({
      opcode: 0x21,
      itt,
      bytes: { 3: status },
      data: sense ? senseData(...sense) : Buffer.alloc(0),
    })
  }

  dataIn(itt: number, data: Uint8Array, more: Omit<PduFields, 'opcode' | 'itt' | 'data'> = {}): void {
    const fields = { opcode: 0x25, flags: 0x81, itt, data, ...more, words: { 36: 0, 40: 0, ...more.words } }
    if ((fields.flags & 1) === 1) this.sendStatus(fields)
    else this.send(fields)
  }

  r2t(itt: number, transferTag: number, [offset, bytes, r2tSn]: readonly [number, number, number]): void {
    this.send({ opcode: 0x31, itt, words: { 20: transferTag, 36: r2tSn, 40: offset, 44: bytes } })
  }

  /** Answers one Login PDU with these keys, and agrees to leave the stage when asked. */
  loginReply(request: ReceivedPdu, keys: string, fields: Partial<PduFields> = {}): void {
    this.expCmdSn = request.bhs.readUInt32BE(24)
    const isid = Object.fromEntries([8, 9, 10, 11, 12, 13].map((at) => [at, request.bhs[at]!]))
    const flags = request.bhs[1]! & ~0x40
    const itt = request.bhs.readUInt32BE(16)
    const bytes = { ...isid, 3: 0, 15: 1, ...fields.bytes }
    const data = Buffer.from(keys.replaceAll(' ', '\0') + (keys ? '\0' : ''))
    this.sendStatus({ flags, data, words: { 20: 0 }, ...fields, opcode: fields.opcode ?? 0x23, itt, bytes })
  }

  /** A whole login without authentication; `keys` are added to the operational answer. */
  async login(keys = 'InitialR2T=No ImmediateData=Yes MaxRecvDataSegmentLength=262144'): Promise<void> {
    this.loginReply(await this.expect(0x03), 'AuthMethod=None TargetPortalGroupTag=1')
    this.loginReply(await this.expect(0x03), keys)
    this.headerDigest = keys.includes('HeaderDigest=CRC32C')
    this.dataDigest = keys.includes('DataDigest=CRC32C')
  }

  close(): void {
    this.socket.destroy()
  }

  async closed(): Promise<void> {
    if (!this.socket.closed) await once(this.socket, 'close')
  }

  async #take(bytes: number): Promise<Buffer> {
    while (this.#buffered.length < bytes) {
      if (this.#gone) throw new PeerGone('the connection is closed')
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
    const taken = this.#buffered.subarray(0, bytes)
    this.#buffered = this.#buffered.subarray(bytes)
    return taken
  }
}

/** Fixed-format sense, as the data segment of a SCSI Response carries it. */
export function senseData(key: number, asc: number, ascq: number): Buffer {
  const sense = Buffer.alloc(20)
  sense.writeUInt16BE(18, 0)
  sense[2] = 0x70
  sense[4] = key
  sense[9] = 10
  sense[14] = asc
  sense[15] = ascq
  return sense
}

function digest(bytes: Buffer, spoil: boolean): Buffer {
  const encoded = Buffer.alloc(4)
  encoded.writeUInt32LE((crc32c(bytes) ^ (spoil ? 1 : 0)) >>> 0)
  return encoded
}

/** A target on loopback that follows a script, connection by connection. */
export class ScriptedTarget implements AsyncDisposable {
  connections = 0
  /** What a script threw, other than PeerGone. */
  failure: unknown
  readonly #server: Server
  readonly #sockets = new Set<Socket>()

  private constructor(server: Server) {
    this.#server = server
  }

  static async start(script: Script): Promise<ScriptedTarget> {
    const server = createServer()
    const target = new ScriptedTarget(server)
    server.on('connection', (socket) => {
      target.#sockets.add(socket)
      socket.on('close', () => target.#sockets.delete(socket))
      target.connections += 1
      script(new Peer(socket), target.connections).catch((error) => {
        if (!(error instanceof PeerGone)) target.failure ??= error
      })
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    return target
  }

  get portal(): { address: string; port: number; groupTag: number } {
    const { port } = this.#server.address() as { port: number }
    return { address: '127.0.0.1', port, groupTag: 1 }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    await new Promise((resolve) => this.#server.close(resolve))
    if (this.failure !== undefined) throw this.failure
  }
}

import type { Peer, ReceivedPdu } from './scripted-target.ts'

export const MEMORY_LUN = 1

export interface MemoryLunOptions {
  readonly sizeBytes?: number
  readonly serial?: string
  readonly naa?: string
}

/** A LUN in memory that does what a good one does, for as long as a test lets it. */
export class MemoryLun {
  serial: string
  naa: string
  data: Buffer
  gone = false
  resets = 0
  flushes = 0
  readonly blockSize = 512
  /** Sense with which the next commands end, instead of being carried out. */
  readonly attentions: (readonly [number, number, number])[] = []
  /** CDB opcodes in the order in which they came. */
  readonly opcodes: number[] = []

  constructor(options: MemoryLunOptions = {}) {
    this.serial = options.serial ?? 'memory'
    this.naa = options.naa ?? '60014055a1b2c3d4e5f60718293a4b5c'
    this.data = Buffer.alloc(options.sizeBytes ?? 1024 * 1024)
  }

  /** Serves a connection until it ends. `before` may take a PDU over by returning true. */
  async serve(peer: Peer, before?: (pdu: ReceivedPdu) => Promise<boolean> | boolean): Promise<void> {
    for (;;) {
      const pdu = await peer.next()
      if (!(await before?.(pdu))) await this.answer(peer, pdu)
    }
  }

  async answer(peer: Peer, { opcode, bhs, data }: ReceivedPdu): Promise<void> {
    const itt = bhs.readUInt32BE(16)
    if (opcode === 0x01) await this.#command(peer, bhs, data)
    else if (opcode === 0x00 && itt !== 0xffffffff) peer.sendStatus({ opcode: 0x20, itt })
    else if (opcode === 0x06) peer.sendStatus({ opcode: 0x26, itt })
    else if (opcode === 0x02) {
      if ((bhs[1]! & 0x7f) === 5) this.resets += 1
      peer.sendStatus({ opcode: 0x22, itt })
    }
  }

  async #command(peer: Peer, bhs: Buffer, immediate: Buffer): Promise<void> {
    const itt = bhs.readUInt32BE(16)
    const cdb = bhs.subarray(32, 48)
    this.opcodes.push(cdb[0]!)
    const written = await this.#collect(peer, bhs, immediate)
    if (this.gone) return peer.scsiResponse(itt, 2, [5, 0x25, 0])
    const attention = this.attentions.shift()
    if (attention) return peer.scsiResponse(itt, 2, attention)
    const answer = this.#carryOut(cdb, written)
    if (answer === 'unsupported') peer.scsiResponse(itt, 2, [5, 0x20, 0])
    else if (answer === undefined) peer.scsiResponse(itt)
    else this.#reply(peer, bhs, answer)
  }

  /** Immediate and unsolicited data, then the rest by R2T. */
  async #collect(peer: Peer, bhs: Buffer, immediate: Buffer): Promise<Buffer> {
    const writes = (bhs[1]! & 0x20) !== 0
    const expected = writes ? bhs.readUInt32BE(20) : 0
    const written = Buffer.alloc(expected)
    immediate.copy(written)
    let have = immediate.length
    const sequence = async () => {
      for (;;) {
        const out = await peer.expect(0x05)
        out.data.copy(written, out.bhs.readUInt32BE(40))
        have += out.data.length
        if (out.bhs[1]! & 0x80) return
      }
    }
    if (writes && (bhs[1]! & 0x80) === 0) await sequence()
    for (let r2tSn = 0; have < expected; r2tSn += 1) {
      peer.r2t(bhs.readUInt32BE(16), 7, [have, Math.min(expected - have, 65536), r2tSn])
      await sequence()
    }
    return written
  }

  #carryOut(cdb: Buffer, written: Buffer): Buffer | undefined | 'unsupported' {
    const offset = Number(cdb.readBigUInt64BE(2)) * this.blockSize
    const bytes = cdb.readUInt32BE(10) * this.blockSize
    switch (cdb[0]) {
      case 0x00:
        return undefined
      case 0x12:
        return this.#page(cdb[2]!)
      case 0x5a:
        return Buffer.from([0, 26, 0, 0, 0, 0, 0, 0, 8, 18, 4, ...Array(17).fill(0)])
      case 0x88:
        return this.data.subarray(offset, offset + bytes)
      case 0x8a:
        written.copy(this.data, offset)
        return undefined
      case 0x91:
        this.flushes += 1
        return undefined
      case 0x9e:
        return this.#capacity()
      default:
        return 'unsupported'
    }
  }

  #page(page: number): Buffer | 'unsupported' {
    if (page === 0x80) return vpd(page, Buffer.from(this.serial.padStart(36)))
    if (page === 0x83)
      return vpd(page, Buffer.concat([Buffer.from([1, 3, 0, 16]), Buffer.from(this.naa, 'hex')]))
    return 'unsupported'
  }

  #capacity(): Buffer {
    const answer = Buffer.alloc(32)
    answer.writeBigUInt64BE(BigInt(this.data.length / this.blockSize - 1))
    answer.writeUInt32BE(this.blockSize, 8)
    return answer
  }

  /** One Data-In PDU with status; says how much less than asked it was. */
  #reply(peer: Peer, bhs: Buffer, answer: Buffer): void {
    const asked = bhs.readUInt32BE(20)
    const data = answer.subarray(0, asked)
    const under = asked - data.length
    const words = { 44: under }
    peer.dataIn(bhs.readUInt32BE(16), data, { flags: under > 0 ? 0x83 : 0x81, words })
  }
}

function vpd(page: number, body: Buffer): Buffer {
  const header = Buffer.from([0, page, 0, 0])
  header.writeUInt16BE(body.length, 2)
  return Buffer.concat([header, body])
}

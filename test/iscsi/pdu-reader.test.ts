import fc from 'fast-check'
import { expect, test } from 'vitest'
import { crc32c } from '../../src/iscsi/crc32c.ts'
import { IscsiError } from '../../src/iscsi/errors.ts'
import { type PduConsumer, PduReader } from '../../src/iscsi/pdu-reader.ts'

const MAX_DATA = 4096

interface Sent {
  readonly bhs: Buffer
  readonly data: Buffer
}

class Collector implements PduConsumer {
  readonly got: Sent[] = []
  readonly placed = Buffer.alloc(MAX_DATA + 16)
  readonly #places: boolean

  constructor(places = false) {
    this.#places = places
  }

  place() {
    return this.#places ? { into: this.placed, offset: 5 } : undefined
  }

  receive(bhs: Buffer, data: Buffer): void {
    const bytes = bhs.readUIntBE(5, 3)
    const copy = this.#places ? this.placed.subarray(5, 5 + bytes) : data
    this.got.push({ bhs: Buffer.from(bhs), data: Buffer.from(copy) })
  }
}

function digest(bytes: Buffer): Buffer {
  const encoded = Buffer.alloc(4)
  encoded.writeUInt32LE(crc32c(bytes))
  return encoded
}

function encode({ bhs, data }: Sent, ahs: Buffer, digests: boolean): Buffer {
  const padded = Buffer.concat([data, Buffer.alloc(-data.length & 3)])
  const header = Buffer.concat([bhs, ahs])
  if (!digests) return Buffer.concat([header, padded])
  const dataDigest = data.length > 0 ? digest(padded) : Buffer.alloc(0)
  return Buffer.concat([header, digest(header), padded, dataDigest])
}

const pdus = fc.array(
  fc.record({
    fill: fc.uint8Array({ minLength: 48, maxLength: 48 }),
    data: fc.uint8Array({ maxLength: 300 }),
    ahsWords: fc.nat(4),
  }),
  { maxLength: 6 },
)

function build(specs: { fill: Uint8Array; data: Uint8Array; ahsWords: number }[], digests: boolean) {
  const sent = specs.map(({ fill, data, ahsWords }) => {
    const bhs = Buffer.from(fill)
    bhs[4] = ahsWords
    bhs.writeUIntBE(data.length, 5, 3)
    return { bhs, data: Buffer.from(data), ahs: Buffer.alloc(ahsWords * 4, 0xa5) }
  })
  return { sent, stream: Buffer.concat(sent.map((pdu) => encode(pdu, pdu.ahs, digests))) }
}

function feed(reader: PduReader, stream: Buffer, cuts: readonly number[]): void {
  let at = 0
  for (const cut of [...cuts, stream.length]) {
    const end = Math.min(stream.length, at + cut)
    reader.feed(Buffer.from(stream.subarray(at, end)))
    at = end
  }
}

test.each([false, true])('gives the same PDUs however the stream is cut (digests %s)', (digests) => {
  const cuts = fc.array(fc.integer({ min: 0, max: 100 }), { maxLength: 60 })
  const property = fc.property(pdus, cuts, fc.boolean(), (specs, at, places) => {
    const { sent, stream } = build(specs, digests)
    const collector = new Collector(places)
    const reader = new PduReader(collector, MAX_DATA)
    reader.headerDigest = digests
    reader.dataDigest = digests
    feed(reader, stream, at)
    expect(collector.got.map(({ bhs }) => bhs.toString('hex'))).toEqual(
      sent.map(({ bhs }) => bhs.toString('hex')),
    )
    expect(collector.got.map(({ data }) => data.toString('hex'))).toEqual(
      sent.map(({ data }) => data.toString('hex')),
    )
  })
  fc.assert(property)
})

test('one flipped bit anywhere is found by the digests', () => {
  const property = fc.property(pdus, fc.nat(), fc.nat(7), (specs, position, bit) => {
    const { sent, stream } = build(specs, true)
    if (stream.length === 0) return
    stream[position % stream.length]! ^= 1 << bit
    const collector = new Collector()
    const reader = new PduReader(collector, MAX_DATA)
    reader.headerDigest = true
    reader.dataDigest = true
    try {
      reader.feed(stream)
      expect(collector.got.length).toBeLessThan(sent.length) // a longer length was announced: it waits
    } catch (error) {
      expect(['digest_error', 'limit_exceeded']).toContain((error as IscsiError).code)
    }
    collector.got.forEach((pdu, index) => {
      expect(pdu.data.equals(sent[index]!.data)).toBe(true)
    })
  })
  fc.assert(property)
})

test('noise gives PDUs or an IscsiError, and nothing else', () => {
  const property = fc.property(fc.uint8Array({ maxLength: 3000 }), fc.boolean(), (noise, digests) => {
    const collector = new Collector()
    const reader = new PduReader(collector, MAX_DATA)
    reader.headerDigest = digests
    reader.dataDigest = digests
    try {
      reader.feed(Buffer.from(noise))
    } catch (error) {
      expect(error).toBeInstanceOf(IscsiError)
    }
  })
  fc.assert(property)
})

test('refuses more data than was declared, at the header', () => {
  const bhs = Buffer.alloc(48)
  bhs.writeUIntBE(MAX_DATA + 1, 5, 3)
  const reader = new PduReader(new Collector(), MAX_DATA)
  expect(() => reader.feed(bhs)).toThrow(expect.objectContaining({ code: 'limit_exceeded' }))
})

test('refuses a long additional header', () => {
  const bhs = Buffer.alloc(48)
  bhs[4] = 255
  const reader = new PduReader(new Collector(), MAX_DATA)
  expect(() => reader.feed(bhs)).toThrow(expect.objectContaining({ code: 'limit_exceeded' }))
})

test('is silent once stopped, in the middle of a chunk too', () => {
  const collector = new Collector()
  const reader = new PduReader(collector, MAX_DATA)
  const receive = collector.receive.bind(collector)
  collector.receive = (bhs, data) => {
    receive(bhs, data)
    reader.stop()
  }
  reader.feed(Buffer.alloc(48 * 3))
  expect(collector.got).toHaveLength(1)
})

/** What a test on the host and the program in its guest share. */

/** Where the program in the guest listens. */
export const GUEST_PORT = 7070
/** The node's initiator name. */
export const NODE_NAME = 'iqn.2026-01.storage.mooring.test:node'

export interface WireCall {
  readonly id: number
  readonly method: string
  readonly args: readonly never[]
}

/** JSON with the big integers of sizes and with dates. */
export function wireText(value: unknown): string {
  return JSON.stringify(value, function (this: Record<string, unknown>, key, inner) {
    const given = this[key]
    if (given instanceof Date) return { $date: given.toISOString() }
    return typeof given === 'bigint' ? { $bigint: String(given) } : inner
  })
}

export const parseWire = (text: string): unknown =>
  JSON.parse(text, (_key, inner) => {
    if (typeof inner?.$bigint === 'string') return BigInt(inner.$bigint as string)
    return typeof inner?.$date === 'string' ? new Date(inner.$date as string) : inner
  })

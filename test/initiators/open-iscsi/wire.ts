/** JSON with the big integers of sizes. */
export const wireText = (value: unknown): string =>
  JSON.stringify(value, (_key, inner) => (typeof inner === 'bigint' ? { $bigint: String(inner) } : inner))

export const parseWire = (text: string): unknown =>
  JSON.parse(text, (_key, inner) =>
    typeof inner?.$bigint === 'string' ? BigInt(inner.$bigint as string) : inner,
  )

/** JSON that keeps bigint and Date, and writes equal values as equal text (sorted keys, no undefined fields). */

const TAG = '$'

export function encodeExactly(value: unknown): string {
  return JSON.stringify(tagged(value)) ?? 'null'
}

export function decodeExactly(text: string): unknown {
  return JSON.parse(text, (_key, value) => (isTagged(value) ? untagged(value) : value))
}

function tagged(value: unknown): unknown {
  if (typeof value === 'bigint') return { [TAG]: 'bigint', value: value.toString() }
  if (value instanceof Date) return { [TAG]: 'date', value: value.toISOString() }
  if (Array.isArray(value)) return value.map(tagged)
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value)
    .filter(([, field]) => field !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, field]) => [key, tagged(field)] as const)
  // A caller's own `$` key must not be taken for a tag: such an object travels as its entries.
  return TAG in value ? { [TAG]: 'entries', value: entries } : Object.fromEntries(entries)
}

interface Tagged {
  readonly [TAG]: 'bigint' | 'date' | 'entries'
  readonly value: unknown
}

const isTagged = (value: unknown): value is Tagged =>
  typeof value === 'object' && value !== null && Object.hasOwn(value, TAG)

function untagged({ [TAG]: tag, value }: Tagged): unknown {
  if (tag === 'bigint') return BigInt(value as string)
  if (tag === 'date') return new Date(value as string)
  return Object.fromEntries(value as [string, unknown][])
}

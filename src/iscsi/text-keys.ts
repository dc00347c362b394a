import { protocolError } from './errors.ts'

/** `key=value` text of Login and Text PDUs (RFC 7143 §6.1). */
export type KeyValue = readonly [key: string, value: string]

const MAX_KEY_CHARACTERS = 63
const MAX_PAIRS = 4096

export function encodeKeys(pairs: readonly KeyValue[]): Buffer {
  return Buffer.from(pairs.map(([key, value]) => `${key}=${value}\0`).join(''), 'utf8')
}

export function decodePairs(text: Buffer): KeyValue[] {
  if (text.length === 0) return []
  if (text.at(-1) !== 0) throw protocolError('the target sent text that does not end with a NUL')
  const items = text.toString('utf8', 0, text.length - 1).split('\0')
  if (items.length > MAX_PAIRS) throw protocolError(`the target sent ${items.length} keys at once`)
  return items.filter((item) => item !== '').map(decodePair)
}

/** As a map, for text in which a key stands at most once. */
export function decodeKeys(text: Buffer): Map<string, string> {
  const pairs = decodePairs(text)
  const keys = new Map(pairs)
  if (keys.size !== pairs.length) throw protocolError('the target sent the same key twice')
  return keys
}

function decodePair(item: string): KeyValue {
  const split = item.indexOf('=')
  if (split < 1 || split > MAX_KEY_CHARACTERS)
    throw protocolError('the target sent text that is not key=value')
  return [item.slice(0, split), item.slice(split + 1)]
}

import { createHash } from 'node:crypto'

/** What JSON makes of a value: dates and sizes are strings, `undefined` fields are gone. */
export type Written<Value> = Value extends Date | bigint
  ? string
  : Value extends string | number | boolean | undefined
    ? Value
    : { readonly [Key in keyof Value]: Written<Value[Key]> }

/** One line with the SHA-256 of the rest, then JSON that a person can read. */
export function encodeSummed(value: unknown): string {
  const body = `${JSON.stringify(value, (_key, field) => (typeof field === 'bigint' ? `${field}` : field), 2)}\n`
  return `${checksumOf(body)}\n${body}`
}

/** Throws unless the text is as it was written. */
export function decodeSummed<Value>(text: string): Written<Value> {
  const end = text.indexOf('\n')
  const body = text.slice(end + 1)
  if (text.slice(0, end) !== checksumOf(body)) throw new Error('the checksum differs')
  return JSON.parse(body)
}

const checksumOf = (body: string): string => `sha256 ${createHash('sha256').update(body).digest('hex')}`

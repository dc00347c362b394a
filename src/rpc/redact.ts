import type { Field, Schema } from './schema.ts'

const REDACTED = '[redacted]'

/**
 * A copy of a message that may be logged: what the proto marks as secret is replaced, and what the schema does not
 * know is left out.
 */
export function redact(message: object, type: string, schema: Schema): Record<string, unknown> {
  const fields = schema[type]
  if (fields === undefined) return {}
  const known = Object.entries(message).filter(([name]) => fields[name] !== undefined)
  return Object.fromEntries(known.map(([name, value]) => [name, redactValue(value, fields[name]!, schema)]))
}

function redactValue(value: unknown, field: Field, schema: Schema): unknown {
  if (field.secret) return isEmpty(value) ? value : REDACTED
  if (field.kind !== 'message' || value === null || value === undefined) return value
  if (!field.repeated) return redact(value, field.type!, schema)
  return (value as readonly object[]).map((item) => redact(item, field.type!, schema))
}

/** That a call came without secrets is worth knowing. */
const isEmpty = (value: unknown): boolean =>
  value === '' || value === null || (typeof value === 'object' && Object.keys(value).length === 0)

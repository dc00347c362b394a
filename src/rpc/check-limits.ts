import { Violations } from '../volumegroups/index.ts'
import type { Field, Schema } from './schema.ts'

/** How a field differs from the general limits. */
export interface FieldRule {
  /** Of one string, of all keys and values of a map, or of all items of a list of strings. */
  readonly maxBytes?: number
  /** What the string, or each key of the map, must match. */
  readonly pattern?: RegExp
  /** The pattern in words, such as `holds a control character`: what is wrong with a string that does not match. */
  readonly patternFault?: string
}

export interface Limits {
  readonly schema: Schema
  /** By field name, wherever the field occurs. */
  readonly rules: Readonly<Record<string, FieldRule>>
}

const MAX_STRING_BYTES = 128
const MAX_MAP_BYTES = 4096

/** Refuses a message with a string or map over its limit, naming every such field. */
export function checkLimits(message: object, type: string, limits: Limits): void {
  const violations = new Violations()
  visit(message, type, '', { ...limits, violations })
  violations.throwIfAny()
}

interface Visit extends Limits {
  readonly violations: Violations
}

function visit(message: object, type: string, prefix: string, state: Visit): void {
  for (const [name, field] of Object.entries(state.schema[type] ?? {})) {
    const value = (message as Record<string, unknown>)[name]
    if (value === undefined || value === null) continue
    visitField(value, field, { path: `${prefix}${snakeCase(name)}`, rule: state.rules[name] ?? {} }, state)
  }
}

interface Place {
  readonly path: string
  readonly rule: FieldRule
}

function visitField(value: unknown, field: Field, place: Place, state: Visit): void {
  if (field.kind === 'message') {
    const items = (field.repeated ? value : [value]) as readonly object[]
    for (const [index, item] of items.entries()) {
      visit(item, field.type!, `${place.path}${field.repeated ? `[${index}]` : ''}.`, state)
    }
  } else if (field.kind === 'map') {
    checkMap(value as Readonly<Record<string, string>>, place, state)
  } else if (field.kind === 'string') {
    if (field.repeated) checkList(value as readonly string[], place, state)
    else checkString(value as string, place, state)
  }
}

function checkString(text: string, place: Place, state: Visit): void {
  checkBytes(Buffer.byteLength(text), place, place.rule.maxBytes ?? MAX_STRING_BYTES, state)
  checkPattern(text, place, state)
}

function checkList(items: readonly string[], place: Place, state: Visit): void {
  if (place.rule.maxBytes !== undefined) {
    checkBytes(Buffer.byteLength(items.join('')), place, place.rule.maxBytes, state)
    return
  }
  for (const [index, item] of items.entries()) {
    checkString(item, { ...place, path: `${place.path}[${index}]` }, state)
  }
}

function checkMap(map: Readonly<Record<string, string>>, place: Place, state: Visit): void {
  const bytes = Buffer.byteLength(Object.entries(map).flat().join(''))
  checkBytes(bytes, place, place.rule.maxBytes ?? MAX_MAP_BYTES, state)
  for (const key of Object.keys(map)) checkPattern(key, { ...place, path: `a key of ${place.path}` }, state)
}

function checkBytes(bytes: number, place: Place, limit: number, state: Visit): void {
  if (bytes <= limit) return
  state.violations.add(
    place.path,
    'INVALID_ARGUMENT',
    `${place.path} is ${bytes} bytes long, and the limit is ${limit}`,
  )
}

function checkPattern(text: string, place: Place, state: Visit): void {
  const { pattern, patternFault } = place.rule
  if (pattern === undefined || text === '' || pattern.test(text)) return
  state.violations.add(place.path, 'INVALID_ARGUMENT', `${place.path} ${patternFault}`)
}

const snakeCase = (name: string): string => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)

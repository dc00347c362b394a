import { readFileSync } from 'node:fs'
import type { Static, TSchema } from 'typebox'
import { Value } from 'typebox/value'
import { parse } from 'yaml'

/** A configuration that can not be used. Its message lists every fault, one a line. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
}

/**
 * Reads one YAML file into one frozen object that fits the schema: defaults filled in, unknown keys refused.
 * Throws ConfigError with all faults at once.
 */
export function readConfig<Schema extends TSchema>(schema: Schema, file: string): Static<Schema> {
  const value = Value.Default(schema, parseYaml(file) ?? {})
  const faults = [...Value.Errors(schema, value)]
    .filter((fault) => fault.keyword !== 'boolean') // the schema library tells an unknown key twice
    .map((fault) => `${file}: ${describe(fault)}`)
  if (faults.length > 0) throw new ConfigError(faults.join('\n'))
  return deepFreeze(value as Static<Schema>)
}

function parseYaml(file: string): unknown {
  try {
    return parse(readFileSync(file, 'utf8'))
  } catch (error) {
    throw new ConfigError(`${file}: ${(error as Error).message}`, { cause: error })
  }
}

interface Fault {
  readonly instancePath: string
  readonly message: string
  readonly params: object
}

function describe(fault: Fault): string {
  const where = fault.instancePath === '' ? 'the file' : fault.instancePath.slice(1).replaceAll('/', '.')
  const extra =
    'additionalProperties' in fault.params ? ` (${String(fault.params.additionalProperties)})` : ''
  return `${where} ${fault.message}${extra}`
}

function deepFreeze<Config>(value: Config): Config {
  if (typeof value === 'object' && value !== null) {
    for (const inner of Object.values(value)) deepFreeze(inner)
    Object.freeze(value)
  }
  return value
}

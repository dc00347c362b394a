import { CommanderError } from 'commander'
import { ConfigError } from '../config/read.ts'
import { StorageError } from '../volumegroups/errors.ts'
import { withoutControls } from './output/text.ts'
import type { Output } from './terminal.ts'

/** What a script can tell from how `mooring` ended. */
export const EXIT = { ok: 0, refused: 1, usage: 2, unreachable: 3, interrupted: 130 } as const

/** The person did not want it after all. */
export class DeclinedError extends Error {
  override readonly name = 'DeclinedError'
}

/** What was asked for was found, and should not be there. */
export class FoundError extends Error {
  override readonly name = 'FoundError'
}

/** The command can not be carried out as it was written. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

/** No answer came, or none that says what has become of the request. The same command can be given again. */
const UNREACHABLE: readonly string[] = ['ENDPOINT_UNAVAILABLE', 'NOT_READY', 'DEADLINE_EXCEEDED']

export const isUnreachable = (error: unknown): boolean =>
  error instanceof StorageError && UNREACHABLE.includes(error.reason)

/** Tells why a command failed, and gives the exit code. Throws what is a defect. */
export function tell(error: unknown, err: Output, { json }: { readonly json: boolean }): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage
  if (error instanceof StorageError) {
    err.write(json ? `${JSON.stringify(asProblem(error))}\n` : describe(error))
    return isUnreachable(error) ? EXIT.unreachable : EXIT.refused
  }
  if (error instanceof DeclinedError || error instanceof FoundError) {
    err.write(`${error.message}\n`)
    return EXIT.refused
  }
  if (error instanceof UsageError || error instanceof ConfigError) {
    err.write(`error: ${error.message}\n`)
    return EXIT.usage
  }
  throw error
}

/** What was at fault, in which field, and what to do next. */
function describe({ reason, message, entity, step, violations, fix }: StorageError): string {
  const where = entity && !message.includes(entity.id) ? entity.id : undefined
  const about = [reason, where, step && `step: ${step}`].filter(Boolean)
  const told = violations.filter((violation) => !message.includes(violation.message))
  const lines = [
    `error: ${message} (${about.join(', ')})`,
    ...told.map((violation) => `  ${violation.field}: ${violation.message}`),
    `next: ${fix}`,
  ]
  return `${lines.map(withoutControls).join('\n')}\n`
}

/** With the field names of the API's own problem bodies. */
function asProblem({ reason, kind, message, entity, step, violations, fix }: StorageError): object {
  return { reason, kind, detail: message, entity, step, violations, fix }
}

import { StorageError } from '../../volumegroups/index.ts'
import { CommandError } from '../exec.ts'

/** What the command printed on standard error; undefined when the error is not that of a command that ended by itself. */
export function stderrOf(error: unknown): string | undefined {
  const cause = error instanceof StorageError ? error.cause : undefined
  return cause instanceof CommandError ? cause.result?.stderr : undefined
}

const MAX_LINE = 200

/** The first line of it that says something, short enough for a message. */
export function firstLineOf(error: unknown): string | undefined {
  const lines = stderrOf(error)
    ?.split('\n')
    .map((line) => line.trim())
  return lines?.find((line) => line !== '' && !VERSION_LINE.test(line))?.slice(0, MAX_LINE)
}

/** Programs of e2fsprogs say their version first. */
const VERSION_LINE = /^[a-z0-9]+ \d+\.\d+\.\d+ \(.*\)$/

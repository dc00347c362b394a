import type { Command } from 'commander'
import type { EndpointSettings } from '../config/config.ts'
import { StorageError, type VolumeGroups } from '../volumegroups/index.ts'
import { EXIT, tell } from './errors.ts'
import type { ChangeOptions, GlobalOptions } from './input/options.ts'
import type { Session } from './session.ts'
import type { Terminal } from './terminal.ts'

/** Opens the way to an element. */
export type Connect = (
  settings: EndpointSettings,
  options: { readonly timeoutMs: number },
) => Promise<VolumeGroups & AsyncDisposable>

export interface CliParts {
  readonly terminal: Terminal
  readonly connect: Connect
}

/** What a verb does with its session, what was named, and its options. */
export type Verb<Given extends readonly unknown[]> = (session: Session, ...given: Given) => Promise<void>

/** Makes the action of a command from a verb. */
export type Run = <Given extends readonly unknown[]>(
  verb: Verb<Given>,
) => (...given: unknown[]) => Promise<void>

export function createRun({ terminal, connect }: CliParts): Run {
  return <Given extends readonly unknown[]>(verb: Verb<Given>) =>
    async (...given: unknown[]) => {
      const command = given.at(-1) as Command
      const named = given.slice(0, -2)
      const options = command.optsWithGlobals<GlobalOptions & ChangeOptions>()
      const { readCliEndpoint } = await import('../config/cli.ts')
      const settings = readCliEndpoint(options)
      await using groups = await connect(settings, { timeoutMs: options.timeout * 1000 })
      const session: Session = {
        groups,
        terminal,
        call: { signal: terminal.interrupted, idempotencyKey: options.idempotencyKey },
        json: options.json === true,
        exact: options.exact === true,
      }
      await verb(session, ...([...named, options] as unknown as Given)).catch((error: unknown) => {
        throw withAddress(error, settings)
      })
    }
}

/** Whoever reads that nobody answers wants to know where. */
function withAddress(error: unknown, settings: EndpointSettings): unknown {
  if (!(error instanceof StorageError) || error.reason !== 'ENDPOINT_UNAVAILABLE') return error
  const address = 'socket' in settings ? settings.socket : settings.url
  return new StorageError(error.reason, `${error.message}: ${address}`, { cause: error, fix: error.fix })
}

/** Carries out one command line and gives the exit code; why it failed was told. Throws defects. */
export async function runCli(
  program: Command,
  words: readonly string[],
  terminal: Terminal,
): Promise<number> {
  try {
    await program.parseAsync(words, { from: 'user' })
    return EXIT.ok
  } catch (error) {
    if (terminal.interrupted.aborted) {
      terminal.err.write('interrupted; what was under way goes on: mooring operation list --state running\n')
      return EXIT.interrupted
    }
    return tell(error, terminal.err, { json: words.includes('--json') })
  }
}

import type { Command } from 'commander'
import { addVerbs } from '../cli/program.ts'
import { runCli } from '../cli/run.ts'
import { processTerminal } from '../cli/terminal.ts'

/** Carries out one command line of an operator and sets the exit code. The element's client is loaded when it is needed. */
export async function runOperator(program: Command, words: readonly string[]): Promise<void> {
  const interrupted = new AbortController()
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => interrupted.abort())
  process.stdout.on('error', endWhenNobodyReads)
  const terminal = processTerminal(interrupted.signal)
  addVerbs(program, {
    terminal,
    connect: async (settings, options) => {
      const { openEndpoint } = await import('./endpoint.ts')
      return openEndpoint(settings, options)
    },
  })
  process.exitCode = await runCli(program, words, terminal)
}

/** As other programs of a pipe do: `mooring disk list | head -1` is no failure. */
function endWhenNobodyReads(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') throw error
  process.exit(0)
}

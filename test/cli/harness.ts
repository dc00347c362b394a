import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Command } from 'commander'
import { pino } from 'pino'
import { addVerbs } from '../../src/cli/program.ts'
import { runCli } from '../../src/cli/run.ts'
import type { Terminal } from '../../src/cli/terminal.ts'
import { createElementApi, listen } from '../../src/element/index.ts'
import { untilAborted } from '../../src/lib/waiting.ts'
import { openEndpoint } from '../../src/main/endpoint.ts'
import type { InitiatorId, VolumeGroups } from '../../src/volumegroups/index.ts'
import { FakeVolumeGroups } from '../fakes/fake-volume-groups.ts'

export interface Ended {
  readonly code: number
  readonly out: string
  readonly err: string
}

export interface Surroundings {
  /** The width of the terminal; left out = a pipe. */
  readonly columns?: number
  /** The ids of what was run before; left out = each line counts its ids anew. */
  readonly seen?: string[]
  /** What the person answers; left out = nobody is there. */
  readonly answer?: string
  /** Called at each sleep, which is over when it is: the clock goes on all the same. Left out = no sleep ends. */
  readonly onSleep?: (ms: number, interrupt: () => void) => Promise<void> | void
}

export interface TestCli extends AsyncDisposable {
  readonly groups: VolumeGroups
  readonly socketPath: string
  /** Runs one line in this process, as the program would: `disk list --json`. */
  run(line: string, surroundings?: Surroundings): Promise<Ended>
}

/** The time that passes between what a test makes and what it prints. */
const LATER_MS = 3 * 3_600_000

/** An element of fakes behind its REST API on a unix socket, and the command line before it. */
export async function startCli(groups: VolumeGroups = new FakeVolumeGroups()): Promise<TestCli> {
  await using stack = new AsyncDisposableStack()
  const directory = await mkdtemp(join(tmpdir(), 'mooring-cli-'))
  stack.defer(() => rm(directory, { recursive: true }))
  const app = createElementApi({ groups, auth: { kind: 'local' }, log: pino({ level: 'silent' }) })
  stack.defer(() => app.close())
  const socketPath = await listen(app, { socketPath: join(directory, 'element.sock') })
  const all = stack.move()
  return {
    groups,
    socketPath,
    run: (line, surroundings) => runLine(`${line} --socket ${socketPath}`, surroundings),
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  }
}

/** Words are what spaces separate; single quotes keep some together. */
const wordsOf = (line: string): string[] =>
  (line.match(/(?:'[^']*'|\S)+/g) ?? []).map((word) => word.replaceAll("'", ''))

export async function runLine(line: string, surroundings: Surroundings = {}): Promise<Ended> {
  const { terminal, written } = testTerminal(surroundings)
  const program = new Command('mooring')
  addVerbs(program, { terminal, connect: async (settings, options) => openEndpoint(settings, options) })
  const code = await runCli(program, wordsOf(line), terminal)
  return { code, ...written() }
}

export function testTerminal({ columns, seen = [], answer, onSleep }: Surroundings) {
  const out: string[] = []
  const err: string[] = []
  let sleptMs = 0
  const interrupt = new AbortController()
  const terminal: Terminal = {
    out: { columns, write: (text) => void out.push(text) },
    err: { columns, write: (text) => void err.push(text) },
    isAttended: answer !== undefined,
    interrupted: interrupt.signal,
    ask: async (question) => {
      err.push(question)
      return answer ?? ''
    },
    now: () => new Date(Date.now() + LATER_MS + sleptMs),
    sleep: async (ms, signal) => {
      sleptMs += ms
      const over =
        onSleep?.(ms, () => interrupt.abort()) ?? (onSleep ? undefined : new Promise<never>(() => {}))
      await untilAborted(Promise.resolve(over), signal)
    },
  }
  return { terminal, written: () => ({ out: stable(out.join(''), seen), err: stable(err.join(''), seen) }) }
}

/** Ids in the order in which they appear, and one moment: nothing else in a text differs from run to run. */
function stable(text: string, seen: string[]): string {
  return text
    .replaceAll(/[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, (uuid) => {
      if (!seen.includes(uuid)) seen.push(uuid)
      return `00000000-0000-4000-8000-${String(seen.indexOf(uuid) + 1).padStart(12, '0')}`
    })
    .replaceAll(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/g, '2026-01-01T00:00:00.000Z')
}

/** Registers an initiator, as its node would. */
export async function initiatorNamed({ groups }: TestCli, id: string): Promise<void> {
  const name = `iqn.2026-01.org.example:${id}`
  await groups.registerInitiator({ id: id as InitiatorId, name, maxAttachments: 8 })
}

import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { Logger } from 'pino'
import type { Daemon } from '../../exec.ts'
import { type Guarded, isSentinel, type Sentinel } from '../../sentinel/sentinel.ts'

export interface GuardOptions {
  readonly sentinel: Sentinel
  /** Where the number of the sentinel's process is kept for the next element. */
  readonly runDir: string
  readonly root: string
  readonly owner: string
  /** The sentinel has shut all targets, or is gone. Nothing may be opened until `reopened`. */
  readonly ended: () => Promise<void>
  readonly reopened: () => Promise<void>
  readonly log: Logger
}

const SCRIPT = fileURLToPath(new URL('./shut-targets.sh', import.meta.url))
const POLL_MS = 100

/** Has a sentinel shut this element's targets when its authority ends, whatever the element does by then. */
export class Guard {
  readonly #options: GuardOptions
  #daemon: Daemon | undefined
  #leaving = false

  constructor(options: GuardOptions) {
    this.#options = options
  }

  /** Whether targets may be open now. */
  get isPermitting(): boolean {
    return this.#daemon !== undefined && this.#options.sentinel.isPermitted
  }

  /** Puts a sentinel in the place of a former element's, unless it is there. Throws AUTHORITY_LOST. */
  async start(): Promise<void> {
    if (this.#daemon !== undefined) return
    const { sentinel, runDir, root, owner } = this.#options
    await mkdir(runDir, { recursive: true, mode: 0o700 })
    const former = await this.#former()
    const guarded: Guarded = { action: 'end', command: { file: '/bin/bash', args: [SCRIPT, root, owner] } }
    const daemon = await sentinel.start(guarded)
    await writeFile(this.#pidFile, String(daemon.pid), { mode: 0o600 })
    if (former !== undefined) process.kill(former, 'SIGKILL')
    this.#daemon = daemon
    void daemon.exited.then(() => this.#ended())
  }

  /** Lets the sentinel watch on by itself. */
  leave(): void {
    this.#leaving = true
  }

  /** Nothing is served any more. */
  async stop(): Promise<void> {
    this.#leaving = true
    await this.#daemon?.stop('SIGKILL', 0)
    await rm(this.#pidFile, { force: true })
  }

  get #pidFile(): string {
    return join(this.#options.runDir, 'lio-sentinel.pid')
  }

  async #former(): Promise<number | undefined> {
    const pid = Number(await readFile(this.#pidFile, 'utf8').catch(() => ''))
    if (!Number.isSafeInteger(pid) || pid <= 0) return undefined
    const argv = (await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')).split('\0')
    return isSentinel(argv) ? pid : undefined
  }

  async #ended(): Promise<void> {
    const { sentinel, ended, reopened, log } = this.#options
    this.#daemon = undefined
    if (this.#leaving) return
    log.error('the targets are shut; they are opened again as soon as they may be')
    await ended().catch((err: unknown) => log.error({ err }, 'a target could not be shut'))
    while (this.#daemon === undefined) {
      while (!sentinel.isPermitted) await sleep(POLL_MS, undefined, { ref: false })
      if (this.#leaving) return
      await this.start().catch(async (err: unknown) => {
        log.error({ err }, 'no sentinel could be started; trying again')
        await sleep(POLL_MS, undefined, { ref: false })
      })
    }
    await reopened().catch((err: unknown) => log.error({ err }, 'a target could not be opened again'))
    log.info('the targets are open again')
  }
}

import type { Connection } from './connection.ts'
import { IscsiError } from './errors.ts'
import type { ScsiTasks, Task } from './scsi-tasks.ts'
import type { SessionTimeouts } from './session-options.ts'

export interface SupervisedSession {
  /** Ends transactions that are overdue. */
  expire(now: number): void
  /** Resolves when it is answered. */
  ping(): Promise<void>
  /** Resolves to whether the task is over. */
  abort(task: Task): Promise<boolean>
  resetLun(lun: number): Promise<void>
  fail(error: IscsiError): void
}

const MAX_SWEEP_MS = 500
/**
 * A process that stood still for longer does not trust what came in meanwhile: the LUN may have been given to another,
 * and an answer from before that must not pass for news. Shorter than any sensible lease.
 */
const MAX_STANDSTILL_MS = 2000

/**
 * Keeps time for a session: pings a silent target, and takes a command that lasts too long through the ladder
 * ABORT TASK, LUN RESET, end of session. A command is never given up while the target may still carry it out.
 */
export class Supervisor {
  readonly #timeouts: SessionTimeouts
  readonly #connection: Connection
  readonly #tasks: ScsiTasks
  readonly #session: SupervisedSession
  readonly #sweepMs: number
  readonly #timer: NodeJS.Timeout
  #sweptAt = performance.now()
  #pingedAt: number | undefined
  #escalating = false

  constructor(
    timeouts: SessionTimeouts,
    connection: Connection,
    tasks: ScsiTasks,
    session: SupervisedSession,
  ) {
    this.#timeouts = timeouts
    this.#connection = connection
    this.#tasks = tasks
    this.#session = session
    const shortest = Math.min(timeouts.commandMs, timeouts.pingAfterMs, timeouts.pingMs, timeouts.abortMs)
    this.#sweepMs = Math.min(MAX_SWEEP_MS, Math.max(5, shortest / 4))
    this.#timer = setInterval(() => this.#sweep(performance.now()), this.#sweepMs)
  }

  get isAwake(): boolean {
    return performance.now() - this.#sweptAt <= MAX_STANDSTILL_MS
  }

  stop(): void {
    clearInterval(this.#timer)
  }

  #sweep(now: number): void {
    if (!this.isAwake) {
      this.#session.fail(stoodStill())
      return
    }
    this.#sweptAt = now
    this.#session.expire(now)
    this.#keepAlive(now)
    this.#checkQueue(now)
    const overdue = this.#overdue(now)
    if (overdue && !this.#escalating) void this.#escalate(overdue)
  }

  #keepAlive(now: number): void {
    const { lastReceivedAt } = this.#connection
    if (this.#pingedAt === undefined) {
      if (now - lastReceivedAt >= this.#silenceMs) this.#ping(now)
    } else if (now - Math.max(lastReceivedAt, this.#pingedAt) >= this.#timeouts.pingMs) {
      this.#session.fail(new IscsiError('timed_out', 'the target does not answer pings'))
    }
  }

  get #silenceMs(): number {
    const { pingAfterMs, pingBusyAfterMs } = this.#timeouts
    return this.#tasks.inFlight.size === 0 ? pingAfterMs : Math.min(pingAfterMs, pingBusyAfterMs)
  }

  #ping(now: number): void {
    this.#pingedAt = now
    this.#session.ping().then(
      () => {
        this.#pingedAt = undefined
      },
      () => {}, // the session is over
    )
  }

  /** A target may close its command window, but not for ever. */
  #checkQueue(now: number): void {
    const stuck = this.#tasks.waiting > 0 && this.#tasks.inFlight.size === 0
    if (!stuck || now - this.#tasks.lastProgressAt < this.#timeouts.commandMs) return
    this.#session.fail(new IscsiError('timed_out', 'the target has taken no command for too long'))
  }

  /** Tasks stand in the order in which they were sent, so that the first is the oldest. */
  #overdue(now: number): Task | undefined {
    const [oldest] = this.#tasks.inFlight.values()
    return oldest && now - oldest.sentAt >= this.#timeouts.commandMs ? oldest : undefined
  }

  async #escalate(task: Task): Promise<void> {
    this.#escalating = true
    try {
      const over = await this.#session.abort(task).catch(() => false)
      if (!over) await this.#session.resetLun(task.command.lun)
    } catch (error) {
      const why = 'a command took too long and the target could not end it'
      this.#session.fail(new IscsiError('timed_out', why, { cause: error }))
    } finally {
      this.#escalating = false
    }
  }
}

export const stoodStill = (): IscsiError =>
  new IscsiError('connection_lost', 'this process stood still; what was under way is asked for again')

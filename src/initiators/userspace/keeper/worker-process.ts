import { type Command, type Daemon, startDaemon } from '../../../host/exec.ts'
import { StorageError } from '../../../volumegroups/index.ts'
import type { SessionState } from '../volume-spec.ts'
import { errorOf, threadsFor, type WorkerMessage, type WorkerRequest } from '../worker/worker-protocol.ts'

interface Pending {
  readonly resolve: (sizeBytes: number) => void
  readonly reject: (error: StorageError) => void
  readonly timer: NodeJS.Timeout | undefined
}

export interface WorkerLaunch {
  readonly command: Command
  /** A folder for compiled code. */
  readonly codeCache: string
  /** The descriptors of its slots. */
  readonly fds: readonly number[]
}

export interface WorkerEvents {
  state(slot: number, session: SessionState): void
  ioError(slot: number, detail: string): void
}

/** One life of a worker, as its keeper sees it. */
export class WorkerProcess {
  /** Resolves when the process has ended, for whatever reason; all its open calls have failed then. */
  readonly exited: Promise<void>
  readonly #daemon: Daemon
  readonly #pending = new Map<number, Pending>()
  readonly #events: WorkerEvents
  #lastId = 0

  private constructor(daemon: Daemon, events: WorkerEvents) {
    this.#daemon = daemon
    this.#events = events
    daemon.child.on('message', (message) => this.#receive(message as WorkerMessage))
    daemon.child.on('error', () => {}) // a failed send or kill: the exit tells
    this.exited = daemon.exited.then(() => this.#failPending())
  }

  static async start(
    { command, codeCache, fds }: WorkerLaunch,
    events: WorkerEvents,
  ): Promise<WorkerProcess> {
    const env = { UV_THREADPOOL_SIZE: String(threadsFor(fds.length)), NODE_COMPILE_CACHE: codeCache }
    return new WorkerProcess(await startDaemon(command, { fds, ipc: true, env }), events)
  }

  get isAlive(): boolean {
    return this.#daemon.child.exitCode === null && this.#daemon.child.signalCode === null
  }

  get pid(): number {
    return this.#daemon.pid
  }

  /** Gives back the volume's size. Without a limit it waits as long as the process lives. */
  async call(request: WorkerRequest, timeoutMs?: number): Promise<number> {
    if (!this.#daemon.child.connected) throw workerEnded()
    this.#lastId += 1
    const id = this.#lastId
    this.#daemon.child.send({ id, request }, () => {})
    const { promise, resolve, reject } = Promise.withResolvers<number>()
    const timer =
      timeoutMs === undefined ? undefined : setTimeout(() => this.#expire(id, request.op), timeoutMs)
    this.#pending.set(id, { resolve, reject, timer })
    return promise
  }

  /** A worker has no good way to end by itself while its reads wait in the kernel. */
  async kill(): Promise<void> {
    await this.#daemon.stop('SIGKILL', 0)
  }

  #receive(message: WorkerMessage): void {
    if (message.kind === 'state') this.#events.state(message.slot, message.session)
    else if (message.kind === 'ioError') this.#events.ioError(message.slot, message.detail)
    else if (message.kind === 'done') this.#settle(message.id)?.resolve(message.sizeBytes)
    else this.#settle(message.id)?.reject(errorOf(message.failure))
  }

  #expire(id: number, op: string): void {
    this.#settle(id)?.reject(new StorageError('STEP_TIMED_OUT', `the disk's worker takes too long to ${op}`))
  }

  #failPending(): void {
    for (const id of [...this.#pending.keys()]) this.#settle(id)?.reject(workerEnded())
  }

  #settle(id: number): Pending | undefined {
    const pending = this.#pending.get(id)
    this.#pending.delete(id)
    clearTimeout(pending?.timer)
    return pending
  }
}

const workerEnded = (): StorageError =>
  new StorageError('INITIATOR_UNAVAILABLE', "the disk's worker ended; another one takes its place")

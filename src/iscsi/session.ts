import { CommandWindow } from './command-window.ts'
import type { Connection } from './connection.ts'
import { IscsiError, protocolError } from './errors.ts'
import { type Established, login } from './login.ts'
import { DEFAULT_OFFER, type SessionParameters } from './negotiation.ts'
import {
  encodeLogout,
  encodePing,
  encodePong,
  encodeTaskManagement,
  encodeText,
  NO_TAG,
  OPCODE,
  opcodeOf,
  type Sequence,
  TASK_FUNCTION,
} from './pdu.ts'
import type { Placement } from './pdu-reader.ts'
import { type Done, type ScsiCommand, type ScsiResult, ScsiTasks, type Task } from './scsi-tasks.ts'
import { DEFAULT_TIMEOUTS, type SessionOptions, type SessionTimeouts } from './session-options.ts'
import { Supervisor, stoodStill } from './supervisor.ts'
import { TextExchange } from './text-exchange.ts'
import type { KeyValue } from './text-keys.ts'
import { Transactions } from './transactions.ts'

/** Of answers to the target's pings, which the target does not read. */
const MAX_UNSENT_ANSWER_BYTES = 1024 * 1024
const TASK_DONE = 0
const MAX_LUN = 16383

/** A logged-in session of one connection at error recovery level 0: it works, or it ends with an error; it never recovers. */
export class Session {
  readonly parameters: SessionParameters
  readonly timeouts: SessionTimeouts
  readonly #connection: Connection
  readonly #window: CommandWindow
  readonly #tasks: ScsiTasks
  readonly #transactions = new Transactions()
  readonly #supervisor: Supervisor
  readonly #onEnd: ((error: IscsiError) => void) | undefined
  #end: IscsiError | undefined

  static login(options: SessionOptions): Promise<Session> {
    const timeouts = { ...DEFAULT_TIMEOUTS, ...options.timeouts }
    const offer = { ...DEFAULT_OFFER, ...options.offer }
    const firstCmdSn = options.firstCmdSn ?? 1
    return login({ ...options, offer, firstCmdSn, timeoutMs: timeouts.loginMs }, (link) => {
      return new Session(link, timeouts, options)
    })
  }

  /** Use `Session.login`. */
  constructor(link: Established, timeouts: SessionTimeouts, options: SessionOptions) {
    this.parameters = link.parameters
    this.timeouts = timeouts
    this.#connection = link.connection
    this.#window = new CommandWindow(link)
    const { maxInFlight = 128, maxWaiting = 1024 } = options
    this.#tasks = new ScsiTasks({ ...link, window: this.#window }, { maxInFlight, maxWaiting })
    this.#onEnd = options.onEnd
    this.#supervisor = new Supervisor(timeouts, this.#connection, this.#tasks, {
      expire: (now) => this.#transactions.expire(now),
      ping: () => this.#ping(),
      abort: (task) => this.#abort(task),
      resetLun: (lun) => this.resetLun(lun),
      fail: (error) => this.destroy(error),
    })
    this.#connection.refuse = () => (this.#supervisor.isAwake ? undefined : stoodStill())
  }

  /** Why the session ended; undefined while it works. */
  get end(): IscsiError | undefined {
    return this.#end
  }

  /** Sends the command, or queues it until the target takes it. Throws only when it can not be accepted at all. */
  submit(command: ScsiCommand, done: Done): void {
    if (this.#end) throw this.#end
    this.#tasks.submit(command, done)
  }

  execute(command: ScsiCommand): Promise<ScsiResult> {
    return new Promise((resolve, reject) => {
      this.submit(command, (error, result) => (error ? reject(error) : resolve(result)))
    })
  }

  /** When it resolves, no command sent before can still be carried out on the LUN, whoever sent it. */
  async resetLun(lun: number): Promise<void> {
    if (lun < 0 || lun > MAX_LUN) throw new IscsiError('invalid_argument', `LUN ${lun} is out of range`)
    const fields = { fn: TASK_FUNCTION.lunReset, lun, refItt: NO_TAG, refCmdSn: 0 }
    const response = await this.#request('a LUN reset', this.timeouts.lunResetMs, {
      opcode: OPCODE.taskManagementResponse,
      encode: (sequence) => encodeTaskManagement(sequence, fields),
      take: (bhs) => {
        if (bhs[2] === TASK_DONE) this.#tasks.abortLun(lun, 'the LUN was reset')
        return bhs[2]
      },
    })
    if (response !== TASK_DONE)
      throw new IscsiError('target_failure', `the target refused a LUN reset (response ${response})`)
  }

  /** Sends text and gives back all of the answer, however many PDUs it takes. */
  async text(keys: readonly KeyValue[]): Promise<KeyValue[]> {
    const exchange = new TextExchange(keys)
    while (exchange.next) {
      const { fields, text } = exchange.next
      await this.#request('a text request', this.timeouts.textMs, {
        opcode: OPCODE.textResponse,
        encode: (sequence) => encodeText(sequence, fields),
        data: text,
        take: (bhs, data) => exchange.receive(bhs, data),
      })
    }
    return exchange.pairs()
  }

  /** Says goodbye; the session is over when it resolves, whatever the target did. */
  async logout(why = new IscsiError('closed', 'logged out')): Promise<void> {
    try {
      await this.#request('a logout', this.timeouts.logoutMs, {
        opcode: OPCODE.logoutResponse,
        encode: encodeLogout,
        take: () => this.destroy(why),
      })
    } catch {
      this.destroy(why)
    }
  }

  /** Ends the session at once. Open commands get the error. */
  destroy(error = new IscsiError('closed', 'the session was closed')): void {
    this.#connection.destroy(error)
  }

  /** Called by the connection when it is over. */
  ended(error: IscsiError): void {
    this.#end = error
    this.#supervisor.stop()
    this.#transactions.failAll(error)
    this.#tasks.failAll(error)
    this.#onEnd?.(error)
  }

  /** Called by the connection. */
  place(bhs: Buffer, bytes: number): Placement | undefined {
    return opcodeOf(bhs) === OPCODE.dataIn ? this.#tasks.place(bhs, bytes) : undefined
  }

  /** Called by the connection. */
  receive(bhs: Buffer, data: Buffer): void {
    this.#window.update(bhs)
    this.#dispatch(opcodeOf(bhs), bhs, data)
    this.#tasks.pump()
  }

  #dispatch(opcode: number, bhs: Buffer, data: Buffer): void {
    switch (opcode) {
      case OPCODE.dataIn:
        this.#tasks.dataIn(bhs)
        break
      case OPCODE.scsiResponse:
        this.#tasks.response(bhs, data)
        break
      case OPCODE.r2t:
        this.#tasks.r2t(bhs)
        break
      case OPCODE.nopIn:
        this.#nopIn(bhs, data)
        break
      case OPCODE.taskManagementResponse:
      case OPCODE.textResponse:
      case OPCODE.logoutResponse:
        this.#window.acceptStatus(bhs)
        this.#transactions.answer(opcode, bhs, data)
        break
      case OPCODE.asyncMessage:
        this.#window.acceptStatus(bhs)
        this.#asyncMessage(bhs[36]!)
        break
      case OPCODE.reject:
        throw new IscsiError('rejected', `the target rejected a PDU (reason ${bhs[2]})`)
      default:
        throw protocolError(`the target sent a PDU of the unknown type ${opcode}`)
    }
  }

  /** Either the answer to a ping of ours, or a ping of the target's, or only news about the window. */
  #nopIn(bhs: Buffer, data: Buffer): void {
    const answersUs = bhs.readUInt32BE(16) !== NO_TAG
    if (answersUs) {
      this.#window.acceptStatus(bhs)
      this.#transactions.answer(OPCODE.nopIn, bhs, data)
    } else if (bhs.readUInt32BE(20) !== NO_TAG) {
      this.#pong(bhs)
    }
  }

  #pong(nopIn: Buffer): void {
    if (this.#connection.unsentBytes > MAX_UNSENT_ANSWER_BYTES + 2 * this.#tasks.bytesOut()) {
      throw new IscsiError('limit_exceeded', 'the target sends pings but does not read the answers')
    }
    this.#connection.send(encodePong(this.#window.untagged(), nopIn))
  }

  #asyncMessage(event: number): void {
    const SCSI_EVENT = 0
    const LOGOUT_REQUESTED = 1
    if (event === SCSI_EVENT || event >= 0xf8) return // sense that the next command reports too; vendor's own
    const error = new IscsiError('session_ended', `the target ends the session (async event ${event})`)
    if (event !== LOGOUT_REQUESTED) throw error
    void this.logout(error)
  }

  /** Its deadline is the supervisor's affair: any sign of life will do. */
  #ping(): Promise<void> {
    return this.#request('a ping', Number.POSITIVE_INFINITY, {
      opcode: OPCODE.nopIn,
      encode: encodePing,
      take: () => {},
    })
  }

  /** Resolves to whether the target says that the task is over. */
  #abort(task: Task): Promise<boolean> {
    const fields = {
      fn: TASK_FUNCTION.abortTask,
      lun: task.command.lun,
      refItt: task.itt,
      refCmdSn: task.cmdSn,
    }
    return this.#request('an abort', this.timeouts.abortMs, {
      opcode: OPCODE.taskManagementResponse,
      encode: (sequence) => encodeTaskManagement(sequence, fields),
      take: (bhs) => {
        if (bhs[2] === TASK_DONE) this.#tasks.abort(task, 'the command took too long and was aborted')
        return !this.#tasks.inFlight.has(task.itt)
      },
    })
  }

  #request<Result>(what: string, timeoutMs: number, request: Request<Result>): Promise<Result> {
    return new Promise((resolve, reject) => {
      if (this.#end) return reject(this.#end)
      const sequence = this.#window.immediate()
      const onReply = (bhs: Buffer, data: Buffer) => {
        try {
          resolve(request.take(bhs, data))
        } catch (error) {
          reject(error)
          throw error
        }
      }
      const deadline = performance.now() + timeoutMs
      this.#transactions.add(sequence.itt, {
        opcode: request.opcode,
        deadline,
        what,
        onReply,
        onError: reject,
      })
      this.#connection.send(request.encode(sequence), request.data)
    })
  }
}

interface Request<Result> {
  /** Of the answer. */
  readonly opcode: number
  readonly encode: (sequence: Sequence) => Buffer
  readonly data?: Buffer
  readonly take: (bhs: Buffer, data: Buffer) => Result
}

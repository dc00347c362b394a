import type { CommandWindow } from './command-window.ts'
import type { Connection } from './connection.ts'
import { IscsiError, protocolError } from './errors.ts'
import type { SessionParameters } from './negotiation.ts'
import {
  dataLengthOf,
  encodeDataOut,
  encodeScsiCommand,
  HAS_STATUS,
  ittOf,
  NO_TAG,
  RESIDUAL_UNDERFLOW,
} from './pdu.ts'
import type { Placement } from './pdu-reader.ts'
import { parseSense, type Sense, STATUS } from './sense.ts'
import { nextSerial } from './serial-number.ts'

/** One SCSI command; it reads or writes or neither. Buffers must stay as they are until it is done. */
export interface ScsiCommand {
  readonly lun: number
  /** 16 bytes at most. */
  readonly cdb: Uint8Array
  readonly dataIn?: Uint8Array | undefined
  readonly dataOut?: Uint8Array | undefined
}

export interface ScsiResult {
  readonly status: number
  readonly sense: Sense | undefined
  /** Bytes of `dataIn` or `dataOut` that were not moved. */
  readonly residualBytes: number
}

/** Called once, with an error or a result. */
export type Done = (error: IscsiError | undefined, result: ScsiResult) => void

/** A command that was sent. */
export interface Task {
  readonly itt: number
  readonly cmdSn: number
  readonly command: ScsiCommand
  readonly done: Done
  readonly sentAt: number
  /** Bytes of Data-In that arrived, or of Data-Out that were sent. */
  moved: number
  /** DataSN or R2TSN that must come next. */
  expDataSn: number
}

const MAX_CDB_BYTES = 16
const MAX_TRANSFER_BYTES = 2 ** 32 - 1
const MAX_LUN = 16383

const GOOD: ScsiResult = Object.freeze({ status: STATUS.good, sense: undefined, residualBytes: 0 })

interface Waiting {
  readonly command: ScsiCommand
  readonly done: Done
}

/** The SCSI commands of a session: those sent, and those that wait for the command window. */
export class ScsiTasks {
  /** `performance.now()` when last a command was sent or done. */
  lastProgressAt = performance.now()
  readonly #connection: Connection
  readonly #window: CommandWindow
  readonly #parameters: SessionParameters
  readonly #limits: { readonly maxInFlight: number; readonly maxWaiting: number }
  readonly #tasks = new Map<number, Task>()
  #waiting: Waiting[] = []

  constructor(
    link: { connection: Connection; window: CommandWindow; parameters: SessionParameters },
    limits: { readonly maxInFlight: number; readonly maxWaiting: number },
  ) {
    this.#connection = link.connection
    this.#window = link.window
    this.#parameters = link.parameters
    this.#limits = limits
  }

  get inFlight(): ReadonlyMap<number, Task> {
    return this.#tasks
  }

  get waiting(): number {
    return this.#waiting.length
  }

  /** All that the open commands write, sent or not. */
  bytesOut(): number {
    let bytes = 0
    for (const { command } of this.#tasks.values()) bytes += command.dataOut?.length ?? 0
    return bytes
  }

  submit(command: ScsiCommand, done: Done): void {
    checkCommand(command)
    if (this.#waiting.length === 0 && this.#mayStart()) {
      this.#start(command, done)
      return
    }
    if (this.#waiting.length >= this.#limits.maxWaiting) {
      throw new IscsiError('queue_full', `more than ${this.#limits.maxWaiting} commands wait for the target`)
    }
    this.#waiting.push({ command, done })
  }

  /** Sends what waits, as far as the window allows. */
  pump(): void {
    if (this.#waiting.length === 0) return
    let started = 0
    for (; started < this.#waiting.length && this.#mayStart(); started += 1) {
      const { command, done } = this.#waiting[started]!
      this.#start(command, done)
    }
    if (started > 0) this.#waiting.splice(0, started)
  }

  /** Where a Data-In PDU's data goes; refuses what the command did not ask for. */
  place(bhs: Buffer, bytes: number): Placement {
    const task = this.#taskOf(bhs)
    const { dataIn } = task.command
    const offset = bhs.readUInt32BE(40)
    if (dataIn === undefined) throw protocolError('the target sent data for a command that reads none')
    if (offset !== task.moved) throw protocolError('the target sent data out of order')
    if (offset + bytes > dataIn.length)
      throw protocolError('the target sent more data than the command reads')
    return { into: dataIn, offset }
  }

  dataIn(bhs: Buffer): void {
    const task = this.#taskOf(bhs)
    if (task.command.dataIn === undefined || bhs.readUInt32BE(36) !== task.expDataSn) {
      throw protocolError('the target sent a Data-In PDU out of order')
    }
    task.moved += dataLengthOf(bhs)
    task.expDataSn = nextSerial(task.expDataSn)
    if ((bhs[1]! & HAS_STATUS) === 0) return
    this.#window.acceptStatus(bhs)
    this.#finish(task, bhs, undefined)
  }

  response(bhs: Buffer, data: Buffer): void {
    const task = this.#taskOf(bhs)
    this.#window.acceptStatus(bhs)
    if (bhs[2] === 0) this.#finish(task, bhs, parseSense(data))
    else
      this.#end(
        task,
        new IscsiError('target_failure', `the target failed to carry out a command (response ${bhs[2]})`),
      )
  }

  /** The target is ready for a part of the data to be written. */
  r2t(bhs: Buffer): void {
    const task = this.#taskOf(bhs)
    const { dataOut } = task.command
    const offset = bhs.readUInt32BE(40)
    const bytes = bhs.readUInt32BE(44)
    if (dataOut === undefined) throw protocolError('the target asked for data of a command that writes none')
    if (offset !== task.moved || bhs.readUInt32BE(36) !== task.expDataSn)
      throw protocolError('the target asked for data out of order')
    if (bytes === 0 || bytes > this.#parameters.maxBurstBytes || offset + bytes > dataOut.length) {
      throw protocolError('the target asked for more data than the command writes')
    }
    task.expDataSn = nextSerial(task.expDataSn)
    this.#sendData(task, dataOut, bytes, bhs.readUInt32BE(20))
  }

  /** Ends a task that the target has confirmed to be over. */
  abort(task: Task, why: string): void {
    if (this.#tasks.has(task.itt)) this.#end(task, new IscsiError('command_aborted', why))
  }

  abortLun(lun: number, why: string): void {
    for (const task of [...this.#tasks.values()]) {
      if (task.command.lun === lun) this.abort(task, why)
    }
  }

  /** The session is over. */
  failAll(error: IscsiError): void {
    const all = [...this.#tasks.values(), ...this.#waiting]
    this.#tasks.clear()
    this.#waiting = []
    for (const { done } of all) done(error, GOOD)
  }

  #mayStart(): boolean {
    return this.#tasks.size < this.#limits.maxInFlight && this.#window.open
  }

  #start(command: ScsiCommand, done: Done): void {
    const { immediateData, initialR2t, firstBurstBytes, maxSendBytes } = this.#parameters
    const { lun, cdb, dataIn, dataOut } = command
    const bytes = dataOut?.length ?? 0
    const immediate = immediateData ? Math.min(bytes, firstBurstBytes, maxSendBytes) : 0
    const unsolicited = initialR2t ? immediate : Math.min(bytes, firstBurstBytes)
    const sequence = this.#window.next()
    const { itt, cmdSn } = sequence
    const sentAt = performance.now()
    const task: Task = { itt, cmdSn, command, done, sentAt, moved: immediate, expDataSn: 0 }
    this.#tasks.set(itt, task)
    this.lastProgressAt = sentAt
    const bhs = encodeScsiCommand(sequence, {
      lun,
      cdb,
      reads: dataIn !== undefined,
      writes: bytes > 0,
      transferBytes: dataIn?.length ?? bytes,
      final: unsolicited === immediate,
    })
    this.#connection.send(bhs, immediate === bytes ? dataOut : dataOut?.subarray(0, immediate))
    if (dataOut && unsolicited > immediate) this.#sendData(task, dataOut, unsolicited - immediate, NO_TAG)
  }

  /** One sequence of Data-Out PDUs, from where the task stands. */
  #sendData(task: Task, data: Uint8Array, bytes: number, transferTag: number): void {
    const end = task.moved + bytes
    const { itt, command } = task
    for (let dataSn = 0; task.moved < end; dataSn += 1) {
      const offset = task.moved
      task.moved = Math.min(end, offset + this.#parameters.maxSendBytes)
      const final = task.moved === end
      const expStatSn = this.#window.expStatSn
      const bhs = encodeDataOut({ itt, lun: command.lun, transferTag, expStatSn, dataSn, offset, final })
      this.#connection.send(bhs, data.subarray(offset, task.moved))
    }
  }

  #taskOf(bhs: Buffer): Task {
    const task = this.#tasks.get(ittOf(bhs))
    if (task === undefined) throw protocolError('the target answered a command that is not under way')
    return task
  }

  #finish(task: Task, bhs: Buffer, sense: Sense | undefined): void {
    const status = bhs[3]!
    const residualBytes = (bhs[1]! & RESIDUAL_UNDERFLOW) === 0 ? 0 : bhs.readUInt32BE(44)
    if (status !== STATUS.good) {
      this.#end(task, undefined, { status, sense, residualBytes })
      return
    }
    const bytes = (task.command.dataIn ?? task.command.dataOut)?.length ?? 0
    if (residualBytes > bytes || task.moved < bytes - residualBytes) {
      throw protocolError('the target called a command good without moving all of its data')
    }
    this.#end(task, undefined, residualBytes === 0 ? GOOD : { status, sense: undefined, residualBytes })
  }

  #end(task: Task, error: IscsiError | undefined, result = GOOD): void {
    this.#tasks.delete(task.itt)
    this.lastProgressAt = performance.now()
    task.done(error, result)
  }
}

function checkCommand({ lun, cdb, dataIn, dataOut }: ScsiCommand): void {
  const fits = cdb.length <= MAX_CDB_BYTES && (dataIn ?? dataOut ?? cdb).length <= MAX_TRANSFER_BYTES
  if (fits && lun >= 0 && lun <= MAX_LUN && (dataIn === undefined || dataOut === undefined)) return
  throw new IscsiError(
    'invalid_argument',
    'a command has a CDB of 16 bytes at most, a valid LUN, and one direction',
  )
}

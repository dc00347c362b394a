import { Client } from 'undici'
import { type Caller, createCaller } from '../../src/endpoints/element/caller.ts'
import {
  type DiskId,
  type InitiatorId,
  StorageError,
  type VolumeGroupId,
} from '../../src/volumegroups/index.ts'
import type { ObjectState, RecordedCall } from '../support/linearizability.ts'
import { below } from '../support/random.ts'

export interface ClientParts {
  readonly index: number
  readonly socketPath: string
  readonly initiators: readonly InitiatorId[]
  readonly random: () => number
  /** All clients write to one. */
  readonly history: RecordedCall[]
}

type Asked = Omit<RecordedCall, 'client' | 'callNs' | 'returnNs' | 'answer' | 'error'>

const MIB = 1024n ** 2n
const FIRST_MIB = 4
const NOTHING: ObjectState = { id: '', sizeMib: 0, holder: '' }
/** It did not begin: nobody took the call, or it was sent back at the door. */
const UNTOUCHED = ['ENTITY_BUSY', 'NOT_READY', 'TOO_MANY_CALLS']
const NOBODY = ['ECONNREFUSED', 'ENOENT']

/** Calls what comes to its mind on a few disks and groups, each time once and over a connection of its own. */
export class RecordingClient implements AsyncDisposable {
  readonly #parts: ClientParts
  readonly #connection: Client
  readonly #call: Caller
  /** The ids that it last saw; that of an object that is gone is worth a try, too. */
  readonly #ids = new Map<string, string>()

  constructor(parts: ClientParts) {
    this.#parts = parts
    this.#connection = new Client('http://element', { socketPath: parts.socketPath })
    this.#call = createCaller({ send: (message) => this.#send(message), close: async () => {} })
  }

  /** One call; false when the element could not answer. */
  async once(name: string): Promise<boolean> {
    const { random } = this.#parts
    return random() < 0.8 ? this.#onDisk(name) : this.#onGroup(name)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#connection.destroy()
  }

  #onDisk(name: string): Promise<boolean> {
    const { initiators, random } = this.#parts
    const object = `disk ${name}`
    const id = this.#ids.get(object)
    const choice = random()
    if (choice < 0.3) return this.#record({ op: 'read', object }, () => this.#readDisk(name))
    if (id === undefined || choice < 0.45) return this.#createDisk(name)
    const params = { diskId: id as DiskId }
    if (choice < 0.55) {
      const sizeMib = FIRST_MIB * (1 + below(random, 4))
      const body = { requiredBytes: BigInt(sizeMib) * MIB, limitBytes: undefined }
      return this.#record({ op: 'grow', object, id, sizeMib }, async () =>
        stateOf(await this.#call('growDisk', { params, body })),
      )
    }
    if (choice < 0.75) {
      const initiatorId = initiators[below(random, initiators.length)]!
      return this.#record({ op: 'grant', object, id, initiator: initiatorId }, () =>
        done(
          this.#call('grant', {
            params: { ...params, initiatorId },
            body: { readOnly: false, shared: false },
          }),
        ),
      )
    }
    if (choice < 0.9)
      return this.#record({ op: 'revoke', object, id }, () => done(this.#call('revokeAll', { params })))
    return this.#record({ op: 'delete', object, id }, () => done(this.#call('deleteDisk', { params })))
  }

  #createDisk(name: string): Promise<boolean> {
    const size = { requiredBytes: BigInt(FIRST_MIB) * MIB, limitBytes: undefined }
    const body = { name, project: '/', group: { kind: 'own' as const }, size, attributes: {} }
    return this.#record({ op: 'create', object: `disk ${name}`, sizeMib: FIRST_MIB }, async () =>
      stateOf(await this.#call('createDisk', { body })),
    )
  }

  async #readDisk(name: string): Promise<ObjectState> {
    const { items } = await this.#call('listDisks', { query: { name } })
    if (items.length > 1) throw new Error(`two disks are called ${name}`)
    return items[0] === undefined ? NOTHING : stateOf(items[0])
  }

  #onGroup(name: string): Promise<boolean> {
    const object = `group ${name}`
    const id = this.#ids.get(object)
    const choice = this.#parts.random()
    if (choice < 0.4) {
      return this.#record({ op: 'read', object }, async () => {
        const { items } = await this.#call('listGroups', { query: { name } })
        return { ...NOTHING, id: items[0]?.id ?? '' }
      })
    }
    if (id === undefined || choice < 0.7) {
      return this.#record({ op: 'create', object }, async () => {
        const made = await this.#call('createGroup', { body: { name, project: '/' } })
        return { ...NOTHING, id: made.id }
      })
    }
    const params = { groupId: id as VolumeGroupId }
    return this.#record({ op: 'delete', object, id }, () => done(this.#call('deleteGroup', { params })))
  }

  /** What did not begin is no part of the history. */
  async #record(asked: Asked, send: () => Promise<ObjectState>): Promise<boolean> {
    const { history, index } = this.#parts
    const callNs = nowNs()
    const call = { ...asked, client: index, callNs }
    try {
      const answer = await send()
      if (answer.id !== '') this.#ids.set(asked.object, answer.id)
      history.push({ ...call, returnNs: nowNs(), answer })
      return true
    } catch (error) {
      if (!(error instanceof StorageError)) throw error
      const { kind, reason } = error
      if (kind === 'in_use' || kind === 'not_found') history.push({ ...call, returnNs: nowNs(), error: kind })
      else if (kind === 'unavailable' && !isUntouched(error)) history.push(call)
      else if (!isUntouched(error)) throw error
      return reason === 'ENTITY_BUSY' || kind !== 'unavailable'
    }
  }

  async #send(message: Parameters<Parameters<typeof createCaller>[0]['send']>[0]) {
    const { method, path, headers, body } = message
    try {
      const response = await this.#connection.request({
        method,
        path,
        headers: { ...headers, ...(body !== undefined && { 'content-type': 'application/json' }) },
        body: body ?? null,
      })
      return { status: response.statusCode, body: await response.body.text() }
    } catch (cause) {
      throw new StorageError('ENDPOINT_UNAVAILABLE', 'the connection ended', { cause })
    }
  }
}

/** Of a call that tells nothing but that it is done. */
const done = (call: Promise<unknown>): Promise<ObjectState> => call.then(() => NOTHING)

function isUntouched({ reason, cause }: StorageError): boolean {
  return (
    UNTOUCHED.includes(reason) || NOBODY.includes(String((cause as NodeJS.ErrnoException | undefined)?.code))
  )
}

const nowNs = (): number => Math.round(performance.now() * 1e6)

const stateOf = (disk: { id: string; sizeBytes: bigint; attachedTo: readonly string[] }): ObjectState => ({
  id: disk.id,
  sizeMib: Number(disk.sizeBytes / MIB),
  holder: disk.attachedTo[0] ?? '',
})

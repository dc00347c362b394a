import { expect } from 'vitest'
import type { AttachMode } from '../../src/controller/controllerGetCapabilities.ts'
import { createControllerServices } from '../../src/controller/services.ts'
import type { ControllerMethods, GroupControllerMethods, IdentityMethods } from '../../src/csi/messages.ts'
import type { Handler } from '../../src/rpc/call.ts'
import { statusOf } from '../../src/rpc/status.ts'
import { asStorageError, type InitiatorId, type VolumeGroups } from '../../src/volumegroups/index.ts'
import { overTheWire, request } from './csi-client.ts'
import { FakeVolumeGroups } from './fake-volume-groups.ts'
import { testCall } from './rpc.ts'

type Methods = IdentityMethods & ControllerMethods & GroupControllerMethods
type Rpc = Capitalize<keyof Methods & string>
type ResponseOf<Name extends Rpc> = Methods[Uncapitalize<Name>]['response']

/** Calls a controller's handlers without a socket; requests and responses still go through the wire format. */
export class FakeCaller<Groups extends VolumeGroups = FakeVolumeGroups> {
  readonly groups: Groups
  readonly #handlers: Readonly<Record<string, Handler<never, unknown>>>

  constructor(groups: Groups, attach: AttachMode = 'controller', volumeHealth = false) {
    this.groups = groups
    const services = createControllerServices({ groups, attach, volumeHealth, version: '1.2.3' })
    this.#handlers = { ...services.Identity, ...services.Controller, ...services.GroupController }
  }

  answers(rpc: Rpc): boolean {
    return this.#handlers[handlerName(rpc)] !== undefined
  }

  async call<Name extends Rpc>(rpc: Name, fields: object = {}): Promise<ResponseOf<Name>> {
    const handler = this.#handlers[handlerName(rpc)]
    if (handler === undefined) throw new Error(`${rpc} has no handler`)
    return overTheWire(rpc, await handler(request(rpc, fields), testCall())) as ResponseOf<Name>
  }

  /** Expects the call to fail with this gRPC code and a message that matches. */
  async refuses(rpc: Rpc, fields: object, code: number, message: RegExp = /./): Promise<void> {
    const outcome = await this.call(rpc, fields).then(
      (response) => ({ response }),
      (error) => statusOf(asStorageError(error)),
    )
    expect(outcome).toEqual({ code, details: expect.stringMatching(message) })
  }

  /** Makes a volume, and gives back its id. */
  async volume(name: string, fields: object = {}): Promise<string> {
    const { volume } = await this.call('CreateVolume', volumeRequest(name, fields))
    return volume!.volumeId
  }

  /** Takes a snapshot, and gives back its id. */
  async snapshot(name: string, sourceVolumeId: string): Promise<string> {
    const { snapshot } = await this.call('CreateSnapshot', { name, sourceVolumeId })
    return snapshot!.snapshotId
  }

  async register(node: string, maxAttachments = 0): Promise<void> {
    const name = `iqn.2026-01.storage.mooring:${node}`
    await this.groups.registerInitiator({ id: node as InitiatorId, name, maxAttachments })
  }
}

export const fakeCaller = (): FakeCaller => new FakeCaller(new FakeVolumeGroups())

const handlerName = (rpc: string): string => `${rpc.charAt(0).toLowerCase()}${rpc.slice(1)}`

export const GIB = 1024n ** 3n
export const gib = (count: bigint): string => (count * GIB).toString()

export const mountOf = (fsType = '', mode = 'SINGLE_NODE_WRITER'): object => ({
  mount: { fsType },
  accessMode: { mode },
})

export const blockOf = (mode = 'SINGLE_NODE_WRITER'): object => ({ block: {}, accessMode: { mode } })

/** What a caller would send for a small volume. */
export const volumeRequest = (name: string, fields: object = {}): object => ({
  name,
  volumeCapabilities: [mountOf()],
  capacityRange: { requiredBytes: gib(1n) },
  ...fields,
})

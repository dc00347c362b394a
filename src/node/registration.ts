import type { CallOptions, ElementStatus, InitiatorSpec, VolumeGroups } from '../volumegroups/index.ts'

/** Makes this node known to its endpoint, which then can grant disks to it. */
export class Registration {
  readonly #groups: Pick<VolumeGroups, 'registerInitiator' | 'status'>
  readonly #spec: InitiatorSpec
  #registered = false

  constructor(groups: Pick<VolumeGroups, 'registerInitiator' | 'status'>, spec: InitiatorSpec) {
    this.#groups = groups
    this.#spec = spec
  }

  /** Idempotent. INITIATOR_NAME_TAKEN when another node has the same iSCSI name. */
  async register(call?: CallOptions): Promise<void> {
    await this.#groups.registerInitiator(this.#spec, call)
    this.#registered = true
  }

  /** The status of the endpoint once this node is registered there; until then it tries to register. For Probe. */
  async status(call?: CallOptions): Promise<ElementStatus> {
    if (!this.#registered) await this.register(call)
    return this.#groups.status(call)
  }
}

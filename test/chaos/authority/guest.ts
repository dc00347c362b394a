import { setTimeout as sleep } from 'node:timers/promises'
import type { ElementEndpoint } from '../../../src/endpoints/element/element-endpoint.ts'
import { bootTimeMs } from '../../../src/host/sentinel/sentinel.ts'
import { isidOf, ReconnectingDisk } from '../../../src/iscsi/index.ts'
import type { DiskId, InitiatorId } from '../../../src/volumegroups/index.ts'

const MIB = 1024n ** 2n
const BLOCK = 4096

/** A guest that writes to its disk without a pause and remembers when each write was acknowledged. */
export class Guest implements AsyncDisposable {
  readonly diskId: DiskId
  /** In time since boot, ascending. */
  readonly acknowledgedMs: number[] = []
  readonly #disk: ReconnectingDisk
  readonly #stop = new AbortController()
  readonly #writing: Promise<void>

  private constructor(diskId: DiskId, disk: ReconnectingDisk) {
    this.diskId = diskId
    this.#disk = disk
    this.#writing = this.#write()
    this.#writing.catch(() => {}) // told when it is disposed of
  }

  static async start(element: ElementEndpoint, name: string): Promise<Guest> {
    const id = name as InitiatorId
    const initiator = { id, name: `iqn.2026-01.test:${name}`, maxAttachments: 0 }
    await element.registerInitiator(initiator)
    const size = { requiredBytes: 16n * MIB, limitBytes: undefined }
    const disk = await element.createDisk({
      name,
      project: '/',
      group: { kind: 'own' },
      size,
      attributes: {},
    })
    await element.grant({ diskId: disk.id, initiatorId: id, readOnly: false, shared: false })
    const { portals, targetName, initiatorName, lun, serial, naa, chap } = await element.connection(
      disk.id,
      id,
    )
    const opened = await ReconnectingDisk.open({
      ...{ portals, targetName, initiatorName, lun, chap },
      isid: isidOf(name),
      expected: { serial, naa },
    })
    return new Guest(disk.id, opened)
  }

  async #write(): Promise<void> {
    for (let round = 0; !this.#stop.signal.aborted; round += 1) {
      await this.#disk.write((round % 1024) * BLOCK, Buffer.alloc(BLOCK, round % 256))
      this.acknowledgedMs.push(bootTimeMs())
    }
  }

  get lastAcknowledgedMs(): number {
    return this.acknowledgedMs.at(-1) ?? Number.NEGATIVE_INFINITY
  }

  /** Waits for a write that was acknowledged after this moment. */
  async untilAcknowledgedAfter(ms: number, limitMs: number): Promise<void> {
    const deadline = bootTimeMs() + limitMs
    while (this.lastAcknowledgedMs <= ms) {
      if (bootTimeMs() > deadline) throw new Error(`no write was acknowledged for ${limitMs} ms`)
      await sleep(10)
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort()
    await this.#disk.close()
    await this.#writing
  }
}

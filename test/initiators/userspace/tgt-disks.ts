import { truncate } from 'node:fs/promises'
import { type Connection, type DiskId, diskIds, naaOf, serialOf } from '../../../src/volumegroups/index.ts'
import { Tgtd } from '../../support/tgtd.ts'

const CHAP = { user: 'node-a', secret: 'a-secret-of-16-b' }
/** What the tgt target sets too: tgt's own defaults move 8 KiB at a time. */
const PARAMETERS = {
  MaxRecvDataSegmentLength: '262144',
  MaxXmitDataSegmentLength: '262144',
  FirstBurstLength: '262144',
  MaxBurstLength: '1048576',
  InitialR2T: 'No',
}

export interface TgtDisk extends Connection {
  readonly tid: number
  readonly path: string
}

/** Disks of a tgtd of the test's own, each with a target, as the element exports them. */
export class TgtDisks implements AsyncDisposable {
  readonly tgtd: Tgtd
  #made = 0

  private constructor(tgtd: Tgtd) {
    this.tgtd = tgtd
  }

  static async start(): Promise<TgtDisks> {
    return new TgtDisks(await Tgtd.start())
  }

  async newDisk(sizeBytes: number, options: { readOnly?: boolean; chap?: boolean } = {}): Promise<TgtDisk> {
    const diskId = diskIds.create()
    this.#made += 1
    const targetName = `iqn.2026-01.storage.mooring.test:${diskId}`
    const path = await this.tgtd.file(diskId, sizeBytes)
    const tid = await this.tgtd.addTarget(targetName, PARAMETERS)
    const chap = options.chap ? { ...CHAP, user: `node-${this.#made}` } : undefined
    if (chap !== undefined) await this.tgtd.addAccount(tid, chap)
    const disk = {
      diskId,
      initiatorName: 'iqn.2026-01.storage.mooring.test:node',
      targetName,
      portals: [{ address: '127.0.0.1', port: this.tgtd.port, groupTag: 1 }],
      lun: 1,
      serial: serialOf(diskId),
      naa: naaOf(diskId),
      sizeBytes: BigInt(sizeBytes),
      readOnly: options.readOnly ?? false,
      shared: false,
      grantedAt: new Date('2026-01-01T00:00:00Z'),
      chap,
      tid,
      path,
    }
    await this.#export(disk)
    return disk
  }

  /** As the element does it: nobody is let in while the size changes. */
  async grow(disk: TgtDisk, sizeBytes: number): Promise<void> {
    await this.tgtd.setState(disk.tid, 'offline')
    await this.tgtd.kickSessions(disk.tid)
    await this.tgtd.removeLun(disk.tid, disk.lun)
    await truncate(disk.path, sizeBytes)
    await this.#export(disk)
    await this.tgtd.setState(disk.tid, 'ready')
  }

  async changeSecret(
    { tid }: TgtDisk,
    chap: { readonly user: string; readonly secret: string },
  ): Promise<void> {
    await this.tgtd.admin('--op', 'unbind', '--mode', 'account', '--tid', String(tid), '--user', chap.user)
    await this.tgtd.admin('--op', 'delete', '--mode', 'account', '--user', chap.user)
    await this.tgtd.addAccount(tid, chap)
  }

  /** Puts a disk with another identity at the same target and LUN; gives back whose. */
  async replace(disk: TgtDisk): Promise<DiskId> {
    const other = diskIds.create()
    await this.tgtd.removeLun(disk.tid, disk.lun)
    await this.#export({ ...disk, serial: serialOf(other), naa: naaOf(other) })
    return other
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.tgtd[Symbol.asyncDispose]()
  }

  async #export({ tid, lun, path, serial, naa, readOnly }: TgtDisk): Promise<void> {
    await this.tgtd.addLun(tid, { lun, path, serial, naa, readOnly })
  }
}

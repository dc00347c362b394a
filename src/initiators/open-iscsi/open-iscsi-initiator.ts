import { readFile } from 'node:fs/promises'
import { createSerializer } from '../../host/serialize.ts'
import { untilAborted } from '../../lib/waiting.ts'
import type {
  CallOptions,
  Connection,
  DiskId,
  InitiatorPlug,
  Portal,
  RepairFault,
} from '../../volumegroups/index.ts'
import { AttachmentRecords } from './attachment-records.ts'
import { Attachments } from './attachments.ts'
import type { HostCommands } from './host-access.ts'
import { Kernel } from './kernel.ts'
import { Multipath } from './multipath.ts'
import { OpenIscsi } from './open-iscsi.ts'
import { type Repairer, repairTarget, targetsOf } from './repair.ts'
import { isPortalOpen } from './sockets.ts'

export interface OpenIscsiInitiatorOptions {
  /** Where this node notes what is attached. */
  readonly stateDir: string
  /** The name under which it logs in; also tells its sessions and records from those of others. */
  readonly initiatorName: string
  readonly host: HostCommands
  /** The folder of open-iscsi's records at the host. Left out: it is found. */
  readonly database?: string | undefined
  readonly kernel?: Kernel | undefined
  readonly isPortalOpen?: ((portal: Portal) => Promise<boolean>) | undefined
}

/** As many disks as a group can have, and then some. */
const MAX_WAITING_CALLS = 512
const BOOT_ID = '/proc/sys/kernel/random/boot_id'

/**
 * The initiator of the kernel, through open-iscsi: each disk is a SCSI device, or a multipath map of several. What is
 * attached is read from the kernel, so that this object can be thrown away at any time.
 */
export async function createOpenIscsiInitiator(options: OpenIscsiInitiatorOptions): Promise<InitiatorPlug> {
  const { host, kernel = new Kernel() } = options
  const parts = {
    kernel,
    iscsi: new OpenIscsi({ ...options, kernel }),
    multipath: new Multipath(host, kernel),
    records: new AttachmentRecords(options.stateDir, (await readFile(BOOT_ID, 'utf8')).trim()),
  }
  const attachments = new Attachments(parts)
  const serialize = createSerializer(MAX_WAITING_CALLS)

  /** One after another for all disks of a target: who comes in does not meet who is just logging out. */
  async function one<Result>(diskId: DiskId, call: CallOptions | undefined, task: () => Promise<Result>) {
    const key = (await attachments.record(diskId))?.targetName ?? diskId
    return untilAborted(serialize(key, task), call?.signal)
  }

  async function repair(connectionOf: Repairer['connectionOf']): Promise<readonly RepairFault[]> {
    const repairer = { parts, attachments, connectionOf, isPortalOpen: options.isPortalOpen ?? isPortalOpen }
    const targets = [...(await targetsOf(parts))]
    const faults = await Promise.all(
      targets.map((target) => serialize(target, () => repairTarget(repairer, target))),
    )
    return faults.flat()
  }

  const attach = (connection: Connection, call?: CallOptions) =>
    untilAborted(
      serialize(connection.targetName, () => attachments.attach(connection)),
      call?.signal,
    )
  return {
    attach,
    find: (diskId, call) => untilAborted(attachments.find(diskId), call?.signal),
    refreshSize: (diskId, call) => one(diskId, call, () => attachments.refreshSize(diskId)),
    detach: (diskId, call) => one(diskId, call, () => attachments.detach(diskId)),
    list: (call) => untilAborted(attachments.list(), call?.signal),
    sessions: (call) => untilAborted(attachments.sessions(), call?.signal),
    lose: (diskId, why, call) => one(diskId, call, () => attachments.lose(diskId, why)),
    repair: (connectionOf, call) => untilAborted(repair(connectionOf), call?.signal),
    [Symbol.asyncDispose]: async () => {}, // attached disks outlive this process
  }
}

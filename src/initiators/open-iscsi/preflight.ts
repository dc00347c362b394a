import { readFile } from 'node:fs/promises'
import { asStorageError } from '../../volumegroups/index.ts'
import type { HostCommands } from './host-access.ts'
import { versionCommand } from './iscsiadm.ts'
import type { Kernel } from './kernel.ts'
import { markOf } from './node-record.ts'
import { isIscsidThere } from './sockets.ts'

export interface PreflightOptions {
  readonly host: HostCommands
  readonly kernel: Kernel
  readonly initiatorName: string
  /** This process's, so that it tells the network namespace that it is in. */
  readonly netlinkTable?: string | undefined
  readonly isIscsidThere?: (() => Promise<boolean>) | undefined
}

const TIMEOUT_MS = 10_000
/** include/uapi/linux/netlink.h */
const NETLINK_ISCSI = 8
/** Its login with a manual scan does not end (fixed in 2.1.11). */
const HANGING_VERSION = '2.1.10'

/** Everything that keeps this node from using the kernel's initiator, each with what to do; nothing when it is sound. */
export async function preflight(options: PreflightOptions): Promise<readonly string[]> {
  const [programs, kernel] = [await programFaults(options), await kernelFaults(options)]
  return [...programs, ...kernel, ...(await daemonFaults(options)), ...(await nameFaults(options))]
}

async function programFaults({ host }: PreflightOptions): Promise<readonly string[]> {
  let iscsiadm: string | undefined
  try {
    iscsiadm = versionOf((await host.run(versionCommand(), { timeoutMs: TIMEOUT_MS })).stdout)
  } catch (error) {
    return [`iscsiadm can not be run (${asStorageError(error).message}): install open-iscsi on the node`]
  }
  if (iscsiadm === HANGING_VERSION) {
    return [`open-iscsi ${iscsiadm} hangs when it logs in without a scan: use another version`]
  }
  const answer = await host
    .run({ file: 'iscsid', args: ['--version'] }, { timeoutMs: TIMEOUT_MS })
    .catch(() => undefined)
  const iscsid = answer && versionOf(answer.stdout)
  if (iscsid === undefined || iscsid === iscsiadm) return []
  return [`iscsiadm is of version ${iscsiadm} and iscsid of ${iscsid}: they only work together when equal`]
}

async function kernelFaults({ host, kernel, netlinkTable }: PreflightOptions): Promise<readonly string[]> {
  if (!(await kernel.hasTransport())) {
    await host.run({ file: 'modprobe', args: ['iscsi_tcp'] }, { timeoutMs: TIMEOUT_MS }).catch(() => {})
  }
  if (!(await kernel.hasTransport())) {
    return [
      "the node's kernel has no iscsi_tcp, and it can not be loaded: load it, or use a kernel that has it",
    ]
  }
  if (hasKernelSocket(await readFile(netlinkTable ?? '/proc/self/net/netlink', 'utf8'))) return []
  return ["this network namespace is not the host's, in which alone the kernel does iSCSI: use hostNetwork"]
}

async function daemonFaults(options: PreflightOptions): Promise<readonly string[]> {
  const isThere = options.isIscsidThere ?? isIscsidThere
  if (await isThere()) return []
  return ['iscsid does not answer: start it on the node (systemctl enable --now iscsid), and use hostNetwork']
}

/** Two initiators of one name end each other's sessions, again and again. */
async function nameFaults({ kernel, initiatorName }: PreflightOptions): Promise<readonly string[]> {
  const mark = markOf(initiatorName)
  const others = (await kernel.sessions()).filter(
    (session) => session.initiatorName === initiatorName && session.mark !== mark,
  )
  if (others.length === 0) return []
  const targets = [...new Set(others.map(({ targetName }) => targetName))].join(', ')
  return [`something else on this node is logged in as ${initiatorName} (to ${targets}): use another name`]
}

/** `iscsiadm version 2.1.8`. */
function versionOf(text: string): string | undefined {
  return /version (\S+)/.exec(text)?.[1]
}

/** The kernel's end of a protocol has the port 0, and is there only in the namespace that the protocol is for. */
function hasKernelSocket(table: string): boolean {
  const rows = table.split('\n').map((line) => line.trim().split(/\s+/))
  return rows.some(([, protocol, port]) => Number(protocol) === NETLINK_ISCSI && port === '0')
}

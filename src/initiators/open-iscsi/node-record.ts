import { createHash } from 'node:crypto'
import type { ChapCredentials, Portal } from '../../volumegroups/index.ts'

/** How a session is to be, as far as its record says it. */
export interface RecordSpec {
  /** The name of the iface, by which a session or record is known to be ours. */
  readonly mark: string
  readonly initiatorName: string
  readonly targetName: string
  readonly portal: Portal
  readonly chap: ChapCredentials | undefined
  /** The disk has other ways, so that what waits in this one is soon given to them. */
  readonly multipath: boolean
}

/**
 * Negative: I/O waits until the session is back or is ended, however long that takes. An error would end most file
 * systems, and a disk that is lost for good is taken away, which fails what waits.
 */
const WAIT_FOR_EVER = -1
/** What waits is given to another path after this. */
const FAST_FAIL_SECONDS = 5

/** The mark of all that this node makes. Nodes that share a kernel have different ones. */
export const markOf = (initiatorName: string): string =>
  `mooring.${createHash('sha256').update(initiatorName).digest('hex').slice(0, 12)}`

/** Which record it is. */
export type RecordKey = Pick<RecordSpec, 'mark' | 'targetName' | 'portal'>

/** Where a record is, below the folder of open-iscsi's database. */
export const recordPath = ({ targetName, portal, mark }: RecordKey): string =>
  `nodes/${targetName}/${portal.address},${portal.port},${portal.groupTag}/${mark}`

/** `address:port,tag`, as iscsiadm takes it. */
export function portalText({ address, port, groupTag }: Portal): string {
  return `${address.includes(':') ? `[${address}]` : address}:${port},${groupTag}`
}

/**
 * A record of open-iscsi, whole: what it does not name has the default of the version that reads it, whatever
 * iscsid.conf says. It has only names that all versions since 2.0.874 know.
 */
export function recordText(spec: RecordSpec): string {
  const lines = [...identityLines(spec), ...sessionLines(spec), ...chapLines(spec.chap), ...CONNECTION]
  return `${lines.map(([name, value]) => `${name} = ${value}`).join('\n')}\n`
}

type Lines = readonly (readonly [name: string, value: string | number])[]

const identityLines = ({ mark, initiatorName, targetName, portal }: RecordSpec): Lines => [
  ['node.name', targetName],
  ['node.tpgt', portal.groupTag],
  ['node.startup', 'manual'],
  ['node.leading_login', 'No'],
  ['iface.iscsi_ifacename', mark],
  ['iface.transport_name', 'tcp'],
  ['iface.initiatorname', initiatorName],
  ['node.discovery_type', 'static'],
  ['node.conn[0].address', portal.address],
  ['node.conn[0].port', portal.port],
]

const sessionLines = ({ multipath }: RecordSpec): Lines => [
  ['node.session.scan', 'manual'],
  ['node.session.initial_login_retry_max', multipath ? 1 : 2],
  ['node.session.reopen_max', 0],
  ['node.session.cmds_max', 256],
  ['node.session.queue_depth', 64],
  ['node.session.timeo.replacement_timeout', multipath ? FAST_FAIL_SECONDS : WAIT_FOR_EVER],
  ['node.session.iscsi.InitialR2T', 'No'],
  ['node.session.iscsi.ImmediateData', 'Yes'],
]

function chapLines(chap: ChapCredentials | undefined): Lines {
  if (chap === undefined) return [['node.session.auth.authmethod', 'None']]
  const { user, secret, mutual } = chap
  return [
    ['node.session.auth.authmethod', 'CHAP'],
    ['node.session.auth.username', user],
    ['node.session.auth.password', secret],
    ...(mutual === undefined
      ? []
      : ([
          ['node.session.auth.username_in', mutual.user],
          ['node.session.auth.password_in', mutual.secret],
        ] as const)),
  ]
}

const CONNECTION: Lines = [
  ['node.conn[0].startup', 'manual'],
  ['node.conn[0].timeo.login_timeout', 10],
  ['node.conn[0].timeo.noop_out_interval', 5],
  ['node.conn[0].timeo.noop_out_timeout', 5],
]

import type { Command } from '../../host/exec.ts'
import { CommandError } from '../../host/exec.ts'
import { type Portal, type Reason, StorageError } from '../../volumegroups/index.ts'
import { portalText } from './node-record.ts'

/** The commands of open-iscsi as data, and what their exit codes mean. */

/** Longer than a login may take by the record: two tries of ten seconds each. */
export const LOGIN_TIMEOUT_MS = 45_000
export const ADMIN_TIMEOUT_MS = 20_000

const iscsiadm = (...args: readonly string[]): Command => ({ file: 'iscsiadm', args })

export const versionCommand = (): Command => iscsiadm('--version')

export const newIfaceCommand = (mark: string): Command =>
  iscsiadm('--mode', 'iface', '--interface', mark, '--op', 'new')

export const nameIfaceCommand = (mark: string, initiatorName: string): Command =>
  iscsiadm(
    ...['--mode', 'iface', '--interface', mark, '--op', 'update'],
    ...['--name', 'iface.initiatorname', '--value', initiatorName],
  )

export interface LoginTarget {
  readonly mark: string
  readonly targetName: string
  readonly portal: Portal
}

export const loginCommand = ({ mark, targetName, portal }: LoginTarget): Command =>
  iscsiadm(
    ...['--mode', 'node', '--targetname', targetName, '--portal', portalText(portal)],
    ...['--interface', mark, '--login'],
  )

export const logoutCommand = (sessionId: number): Command =>
  iscsiadm('--mode', 'session', '--sid', String(sessionId), '--logout')

/** open-iscsi's own (include/iscsi_err.h). */
export const EXIT = { ok: 0, database: 6, invalid: 7, sessionExists: 15, noneFound: 21 } as const

interface Meaning {
  readonly reason: Reason
  readonly text: string
}

const MEANINGS: Readonly<Record<number, Meaning>> = {
  4: { reason: 'INITIATOR_UNAVAILABLE', text: 'can not be connected to' },
  5: { reason: 'INITIATOR_UNAVAILABLE', text: 'did not complete the login' },
  8: { reason: 'INITIATOR_UNAVAILABLE', text: 'does not answer' },
  11: { reason: 'INITIATOR_UNAVAILABLE', text: 'stopped answering during the login' },
  12: { reason: 'INITIATOR_UNAVAILABLE', text: "was not tried: the node's kernel has no iscsi_tcp loaded" },
  18: { reason: 'INITIATOR_UNAVAILABLE', text: 'was not tried: iscsid on the node does not answer' },
  19: { reason: 'LOGIN_REFUSED', text: 'refused the login' },
  20: { reason: 'INITIATOR_UNAVAILABLE', text: 'was not tried: iscsid does not run on the node' },
  24: { reason: 'LOGIN_REFUSED', text: 'refused the credentials' },
}

/** Why a login failed, as an error that names the portal. */
export function loginError(portal: Portal, cause: unknown): StorageError {
  const exitCode = exitCodeOf(cause)
  const { reason, text } = MEANINGS[exitCode ?? -1] ?? {
    reason: 'INITIATOR_UNAVAILABLE' as const,
    text:
      exitCode === undefined ? 'was not logged in to in time' : `ended with error ${exitCode} of iscsiadm`,
  }
  return new StorageError(reason, `the portal ${portal.address}:${portal.port} ${text}`, { cause })
}

/** The exit code of the command that failed, if it ended by itself. */
export function exitCodeOf(error: unknown): number | undefined {
  const cause = error instanceof StorageError ? error.cause : error
  return cause instanceof CommandError ? cause.result?.exitCode : undefined
}

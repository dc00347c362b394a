import { lookup } from 'node:dns/promises'
import { stat } from 'node:fs/promises'
import { isIP } from 'node:net'
import { join } from 'node:path'
import { type Connection, type Portal, StorageError } from '../../volumegroups/index.ts'
import type { HostCommands } from './host-access.ts'
import {
  ADMIN_TIMEOUT_MS,
  EXIT,
  exitCodeOf,
  LOGIN_TIMEOUT_MS,
  loginCommand,
  loginError,
  logoutCommand,
  nameIfaceCommand,
  newIfaceCommand,
} from './iscsiadm.ts'
import { isUp, type Kernel, type Session, until } from './kernel.ts'
import { markOf, type RecordKey } from './node-record.ts'
import { RecordFiles } from './record-files.ts'

export interface OpenIscsiOptions {
  readonly host: HostCommands
  readonly kernel: Kernel
  readonly initiatorName: string
  /** The folder of open-iscsi's records at the host. Left out: one of the usual ones, wherever iscsiadm writes. */
  readonly database?: string | undefined
}

const USUAL_DATABASES = ['/etc/iscsi', '/var/lib/iscsi']
/** iscsid announces the result of a login before the kernel shows the session so. */
const SETTLE_TIMEOUT_MS = 5000
const LOGOUT_TIMEOUT_MS = 30_000

/** Sessions of this node, through the host's iscsiadm and iscsid; those of others are never touched. */
export class OpenIscsi {
  readonly mark: string
  readonly #options: OpenIscsiOptions
  #files: Promise<RecordFiles> | undefined

  constructor(options: OpenIscsiOptions) {
    this.#options = options
    this.mark = markOf(options.initiatorName)
  }

  /** Of all targets, or of one: exactly this one. */
  async sessions(targetName?: string): Promise<readonly Session[]> {
    const all = await this.#options.kernel.sessions()
    return all.filter(
      (session) =>
        session.mark === this.mark && (targetName === undefined || session.targetName === targetName),
    )
  }

  /** The session over this portal; undefined when there is none. */
  async sessionAt(targetName: string, portal: Portal): Promise<Session | undefined> {
    return (await this.sessions(targetName)).find((session) => isSamePortal(session.portal, portal))
  }

  /**
   * Logs in, unless it is logged in already. The record holds the secrets while the login is under way and no
   * longer: an iscsid that starts again takes them from the kernel.
   */
  async login(connection: Connection, portal: Portal): Promise<Session> {
    const { targetName, initiatorName, chap, portals } = connection
    const present = await this.sessionAt(targetName, portal)
    if (present !== undefined) return this.#settled(present, portal)
    const files = await this.#database()
    const multipath = portals.length > 1
    const record = { mark: this.mark, initiatorName, targetName, portal, multipath }
    const attempt = async (): Promise<Session> => {
      await files.write({ ...record, chap })
      const failure = await this.#tryLogin(record)
      const session = await this.sessionAt(targetName, portal)
      if (session === undefined) throw failure ?? loginError(portal, new Error('no session came up'))
      return this.#settled(session, portal)
    }
    try {
      const session = await this.#withRepair(attempt, record)
      await files.write({ ...record, chap: undefined })
      return session
    } catch (error) {
      await this.#dropHalfDone(record)
      throw error
    }
  }

  /** Ends the session and removes its record; OK when either is gone. */
  async logout(session: Session): Promise<void> {
    const { kernel } = this.#options
    await this.#admin(logoutCommand(session.id), [EXIT.ok, EXIT.noneFound], LOGOUT_TIMEOUT_MS)
    const isGone = async (): Promise<boolean> =>
      !(await kernel.sessions()).some(({ id, mark }) => id === session.id && mark === this.mark)
    if (!(await until(LOGOUT_TIMEOUT_MS, isGone))) {
      throw new StorageError('INITIATOR_UNAVAILABLE', `the session with ${session.targetName} does not end`)
    }
    await this.#removeRecords(session.targetName, (portal) => isSamePortal(session.portal, portal))
  }

  /** The records of ours in open-iscsi's database. */
  async records(): Promise<readonly RecordKey[]> {
    return (await this.#database()).list()
  }

  /** Removes the records of ours for the target but those for these portals and those of sessions. */
  async removeUnusedRecords(targetName: string, wanted: readonly Portal[]): Promise<void> {
    const used = [...wanted, ...(await this.sessions(targetName)).map(({ portal }) => portal)]
    await this.#removeRecords(targetName, (portal) => !used.some((kept) => isSamePortal(kept, portal)))
  }

  async #removeRecords(targetName: string, matches: (portal: Portal) => boolean): Promise<void> {
    const files = await this.#database()
    const keys = (await files.list()).filter((key) => key.targetName === targetName && matches(key.portal))
    for (const key of keys) await files.remove(key)
  }

  /** Undefined when iscsiadm says that it worked; what the kernel shows decides. */
  async #tryLogin(record: RecordKey): Promise<StorageError | undefined> {
    try {
      await this.#admin(loginCommand(record), [EXIT.ok, EXIT.sessionExists], LOGIN_TIMEOUT_MS)
      return undefined
    } catch (error) {
      return loginError(record.portal, error)
    }
  }

  /** What another version of open-iscsi has written can be unreadable for this one: it is made anew, once. */
  async #withRepair(attempt: () => Promise<Session>, record: RecordKey): Promise<Session> {
    try {
      return await attempt()
    } catch (error) {
      const exitCode = exitCodeOf(error instanceof StorageError ? error.cause : error)
      if (exitCode !== EXIT.database && exitCode !== EXIT.invalid) throw error
      const files = await this.#database()
      await files.remove(record)
      await this.#admin(newIfaceCommand(this.mark), [EXIT.ok, EXIT.sessionExists])
      await this.#nameIface()
      return attempt()
    }
  }

  /** An iscsiadm that was ended does not stop iscsid from logging in. */
  async #dropHalfDone(record: RecordKey): Promise<void> {
    const session = await this.sessionAt(record.targetName, record.portal)
    if (session !== undefined) return this.logout(session).catch(() => {})
    await (await this.#database()).remove(record)
  }

  async #settled(session: Session, portal: Portal): Promise<Session> {
    let current: Session | undefined = session
    await until(SETTLE_TIMEOUT_MS, async () => {
      current = await this.sessionAt(session.targetName, portal)
      return current === undefined || isUp(current)
    })
    if (current !== undefined && isUp(current)) return current
    throw new StorageError(
      'INITIATOR_UNAVAILABLE',
      `the session with the portal ${portal.address}:${portal.port} is broken; it is being made again`,
    )
  }

  /** Makes the iface, whose file also tells which of the usual folders this iscsiadm writes to. */
  #database(): Promise<RecordFiles> {
    this.#files ??= this.#openDatabase().catch((error) => {
      this.#files = undefined
      throw error
    })
    return this.#files
  }

  async #openDatabase(): Promise<RecordFiles> {
    const { host, database } = this.#options
    await this.#nameIface().catch(async () => {
      await this.#admin(newIfaceCommand(this.mark), [EXIT.ok, EXIT.sessionExists])
      await this.#nameIface()
    })
    const folders = await Promise.all(
      (database === undefined ? USUAL_DATABASES : [database]).map((path) => host.path(path)),
    )
    const changed = await Promise.all(folders.map((folder) => changedAt(join(folder, 'ifaces', this.mark))))
    const newest = changed.indexOf(Math.max(...changed))
    if (changed[newest] === 0) {
      throw new StorageError(
        'INITIATOR_UNAVAILABLE',
        'open-iscsi keeps its records in no folder that is known',
        {
          fix: 'Name the folder in the configuration of the node: openIscsi.database.',
        },
      )
    }
    return new RecordFiles(folders[newest] as string, this.mark)
  }

  #nameIface(): Promise<void> {
    return this.#admin(nameIfaceCommand(this.mark, this.#options.initiatorName))
  }

  async #admin(
    command: ReturnType<typeof logoutCommand>,
    okCodes: readonly number[] = [EXIT.ok],
    timeoutMs = ADMIN_TIMEOUT_MS,
  ): Promise<void> {
    await this.#options.host.run(command, { okCodes, timeoutMs })
  }
}

/** The connection with portals whose addresses are numbers: a session can't be found by a host name. */
export async function resolvePortals(connection: Connection): Promise<Connection> {
  const portals = await Promise.all(
    connection.portals.map(async (portal) => {
      if (isIP(portal.address) !== 0) return portal
      try {
        return { ...portal, address: (await lookup(portal.address)).address }
      } catch (cause) {
        throw new StorageError('INITIATOR_UNAVAILABLE', `the portal ${portal.address} has no address`, {
          cause,
        })
      }
    }),
  )
  return { ...connection, portals }
}

type Address = Pick<Portal, 'address' | 'port'>

export const isSamePortal = (one: Address, other: Address): boolean =>
  one.address === other.address && one.port === other.port

/** 0 when there is no such file. */
async function changedAt(file: string): Promise<number> {
  return (await stat(file).catch(() => undefined))?.mtimeMs ?? 0
}

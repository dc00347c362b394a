import { readdir, readFile, realpath } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { run } from '../../host/exec.ts'
import { type ChapCredentials, StorageError } from '../../volumegroups/index.ts'
import { type FoundIdentity, identityOf } from './identity.ts'

/** A session as the kernel has it. */
export interface Session {
  readonly id: number
  readonly host: number
  readonly targetName: string
  /** Of the iface that it was made through: says whose session it is. */
  readonly mark: string
  readonly initiatorName: string
  readonly state: string
  /** As the record says it, whatever the target redirected to. */
  readonly portal: { readonly address: string; readonly port: number }
  /** Its folder in sysfs. */
  readonly folder: string
}

/** A LUN of a session, as a SCSI device of this host. */
export interface ScsiDevice {
  readonly lun: number
  /** Its folder in sysfs. */
  readonly folder: string
}

export interface KernelOptions {
  /** Where sysfs is mounted. */
  readonly root?: string | undefined
  /** Where the nodes of block devices are. */
  readonly dev?: string | undefined
  /** Writes an attribute. Left out: in a process of its own, since the kernel can take for ever to answer. */
  readonly write?: ((path: string, value: string) => Promise<void>) | undefined
}

const WRITE_TIMEOUT_MS = 15_000
const APPEAR_TIMEOUT_MS = 10_000
const VANISH_TIMEOUT_MS = 10_000
const POLL_MS = 20

/** The iSCSI sessions, SCSI devices and disks of this machine: always read from sysfs, never remembered. */
export class Kernel {
  readonly #root: string
  readonly #dev: string
  readonly #write: (path: string, value: string) => Promise<void>

  constructor(options: KernelOptions = {}) {
    this.#root = options.root ?? '/sys'
    this.#dev = options.dev ?? '/dev'
    this.#write = options.write ?? writeAttribute
  }

  async sessions(): Promise<readonly Session[]> {
    const names = await namesIn(this.#class('iscsi_session'))
    const found = await Promise.all(names.map((name) => this.#session(name)))
    return found.filter((session) => session !== undefined)
  }

  /** Whether it was logged in with these; else the kernel's next login will be refused, and every one after it. */
  async hasCredentials({ id }: Session, { user, secret, mutual }: ChapCredentials): Promise<boolean> {
    const attribute = (name: string) => textOf(join(this.#class('iscsi_session'), `session${id}`, name))
    const isSame = (await attribute('username')) === user && (await attribute('password')) === secret
    if (!isSame || mutual === undefined) return isSame
    return (
      (await attribute('username_in')) === mutual.user && (await attribute('password_in')) === mutual.secret
    )
  }

  /** Every SCSI device of the session, whoever made it. */
  async devices(session: Session): Promise<readonly ScsiDevice[]> {
    const targets = (await namesIn(session.folder)).filter((name) => /^target\d+:\d+:\d+$/.test(name))
    const found = await Promise.all(
      targets.map(async (target) => {
        const folder = join(session.folder, target)
        const names = (await namesIn(folder)).filter((name) => /^\d+:\d+:\d+:\d+$/.test(name))
        return names.map((name) => ({
          lun: Number(name.split(':')[3]),
          folder: join(folder, name),
        }))
      }),
    )
    return found.flat()
  }

  async device(session: Session, lun: number): Promise<ScsiDevice | undefined> {
    return (await this.devices(session)).find((device) => device.lun === lun)
  }

  /** Makes the device of one LUN, and of no other; undefined when the target shows none. */
  async scan(session: Session, lun: number): Promise<ScsiDevice | undefined> {
    await this.#write(join(this.#class('scsi_host'), `host${session.host}`, 'scan'), `0 0 ${lun}`)
    const device = await this.device(session, lun)
    if (device === undefined) return undefined
    await until(APPEAR_TIMEOUT_MS, async () => (await this.diskOf(device)) !== undefined)
    return device
  }

  /** Asks the LUN again what and how large it is. */
  async rescan(device: ScsiDevice): Promise<void> {
    await this.#write(join(device.folder, 'rescan'), '1')
  }

  /** Takes the device away; what waits in it gets an error. Returns when it is gone. */
  async remove(device: ScsiDevice): Promise<void> {
    await this.#write(join(device.folder, 'delete'), '1').catch(async (error) => {
      if (await exists(device.folder)) throw error
    })
    const gone = await until(VANISH_TIMEOUT_MS, async () => !(await exists(device.folder)))
    if (gone) return
    throw new StorageError('STEP_TIMED_OUT', `the kernel does not let go of ${basename(device.folder)}`)
  }

  /** What the LUN said of itself when it was scanned last. What it did not say is undefined: never a match. */
  async identity(device: ScsiDevice): Promise<FoundIdentity> {
    const page = (name: string): Promise<Buffer> =>
      readFile(join(device.folder, name)).catch(() => Buffer.alloc(0))
    return identityOf(await page('vpd_pg80'), await page('vpd_pg83'))
  }

  /** `running`, if all is well. */
  async deviceState(device: ScsiDevice): Promise<string> {
    return (await textOf(join(device.folder, 'state'))) ?? 'gone'
  }

  /** The name of the device's disk, such as `sda`; undefined while it has none. */
  async diskOf(device: ScsiDevice): Promise<string | undefined> {
    return (await namesIn(join(device.folder, 'block')))[0]
  }

  /** Where the disk can be opened. */
  pathOf(disk: string): string {
    return join(this.#dev, disk)
  }

  /** The disks that are made of this one, such as a device-mapper map. */
  holdersOf(disk: string): Promise<readonly string[]> {
    return namesIn(join(this.#root, 'block', disk, 'holders'))
  }

  /** The disks of which this one is made. */
  slavesOf(disk: string): Promise<readonly string[]> {
    return namesIn(join(this.#root, 'block', disk, 'slaves'))
  }

  /** All maps of the device mapper, such as `dm-0`. */
  async maps(): Promise<readonly string[]> {
    return (await namesIn(join(this.#root, 'block'))).filter((name) => name.startsWith('dm-'))
  }

  /** Undefined when it is no map of the device mapper. */
  async mapOf(disk: string): Promise<{ readonly name: string; readonly uuid: string } | undefined> {
    const folder = join(this.#root, 'block', disk, 'dm')
    const [name, uuid] = [await textOf(join(folder, 'name')), await textOf(join(folder, 'uuid'))]
    return name === undefined || uuid === undefined ? undefined : { name, uuid }
  }

  async sizeBytes(disk: string): Promise<bigint> {
    const sectors = await textOf(join(this.#root, 'block', disk, 'size'))
    if (sectors === undefined)
      throw new StorageError('INITIATOR_UNAVAILABLE', `${disk} is gone from this node`)
    return BigInt(sectors) * 512n // sysfs counts in 512 bytes, whatever the block size is
  }

  async isReadOnly(disk: string): Promise<boolean> {
    return (await textOf(join(this.#root, 'block', disk, 'ro'))) === '1'
  }

  /** Whether the transport is there, which only the module iscsi_tcp brings. */
  hasTransport(): Promise<boolean> {
    return exists(join(this.#class('iscsi_transport'), 'tcp'))
  }

  /** A session that ends while it is read is none. */
  async #session(name: string): Promise<Session | undefined> {
    const id = Number(name.slice('session'.length))
    const folder = await realpath(join(this.#class('iscsi_session'), name, 'device')).catch(() => undefined)
    const host = /^host(\d+)$/.exec(folder === undefined ? '' : basename(dirname(folder)))?.[1]
    const session = (attribute: string) => textOf(join(this.#class('iscsi_session'), name, attribute))
    const connection = (attribute: string) =>
      textOf(join(this.#class('iscsi_connection'), `connection${id}:0`, attribute))
    const targetName = await session('targetname')
    if (folder === undefined || host === undefined || targetName === undefined) return undefined
    return {
      id,
      host: Number(host),
      targetName,
      mark: (await session('ifacename')) ?? '',
      initiatorName: (await session('initiatorname')) ?? '',
      state: (await session('state')) ?? '',
      portal: {
        address: (await connection('persistent_address')) ?? '',
        port: Number((await connection('persistent_port')) ?? 0),
      },
      folder,
    }
  }

  #class(name: string): string {
    return join(this.#root, 'class', name)
  }
}

/** Whether I/O reaches the target through it. */
export const isUp = (session: Session): boolean => session.state === 'LOGGED_IN'

/** True as soon as the condition holds, false when it did not in this time. */
export async function until(timeoutMs: number, condition: () => Promise<boolean>): Promise<boolean> {
  const deadline = Date.now() + timeoutMs
  while (!(await condition())) {
    if (Date.now() > deadline) return false
    await sleep(POLL_MS)
  }
  return true
}

async function writeAttribute(path: string, value: string): Promise<void> {
  await run({ file: 'tee', args: [path], input: value }, { timeoutMs: WRITE_TIMEOUT_MS })
}

async function namesIn(folder: string): Promise<readonly string[]> {
  return (await readdir(folder).catch(() => [])).sort()
}

async function textOf(path: string): Promise<string | undefined> {
  const text = await readFile(path, 'utf8').catch(() => undefined)
  return text?.trim()
}

async function exists(path: string): Promise<boolean> {
  return (await realpath(path).catch(() => undefined)) !== undefined
}

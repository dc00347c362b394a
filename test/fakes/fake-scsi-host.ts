import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Command, CommandError, type CommandResult, type RunOptions } from '../../src/host/exec.ts'
import type { HostCommands } from '../../src/initiators/open-iscsi/host-access.ts'
import { Kernel } from '../../src/initiators/open-iscsi/kernel.ts'
import { StorageError } from '../../src/volumegroups/index.ts'

export interface FakeLun {
  serial: string
  naa: string
  sizeBytes: number
  readOnly: boolean
}

export interface FakeTarget {
  readonly luns: Map<number, FakeLun>
  secret: string | undefined
}

interface FakeSession {
  readonly id: number
  readonly targetName: string
}

/**
 * A host with SCSI and open-iscsi as a tree of files: sysfs with the attributes that the initiator reads and writes,
 * `/dev`, and what iscsiadm does to them. It shows what is done with what is found, not that a kernel behaves so.
 */
export class FakeScsiHost implements HostCommands, AsyncDisposable {
  readonly root: string
  readonly kernel: Kernel
  readonly targets = new Map<string, FakeTarget>()
  /** All that was run at the host, as one line each. */
  readonly commands: string[] = []
  /** The next iscsiadm ends with this exit code, without having done anything. */
  failWith: number | undefined
  /** The records as they were when iscsiadm logged in with them. */
  readonly usedRecords: string[] = []
  readonly #sessions: FakeSession[] = []
  #nextSession = 1
  #nextDisk = 0

  private constructor(root: string) {
    this.root = root
    const write = (path: string, value: string): Promise<void> => this.#write(path, value)
    this.kernel = new Kernel({ root: join(root, 'sys'), dev: join(root, 'dev'), write })
  }

  static async create(): Promise<FakeScsiHost> {
    const root = await mkdtemp(join(tmpdir(), 'mooring-scsi-'))
    for (const folder of ['dev', 'sys/block', 'sys/class/iscsi_transport/tcp', 'etc/iscsi', 'state']) {
      await mkdir(join(root, folder), { recursive: true })
    }
    return new FakeScsiHost(root)
  }

  async path(path: string): Promise<string> {
    return join(this.root, path)
  }

  async run(command: Command, options: RunOptions = {}): Promise<CommandResult> {
    this.commands.push([command.file, ...command.args].join(' '))
    const exitCode = this.failWith ?? (await this.#iscsiadm(command.args))
    this.failWith = undefined
    const result = { exitCode, stdout: '', stderr: '' }
    if ((options.okCodes ?? [0]).includes(exitCode)) return result
    const cause = new CommandError(command, `ended with exit code ${exitCode}`, result)
    throw new StorageError('COMMAND_FAILED', `${command.file} failed on this host`, { cause })
  }

  /** The session is there, and I/O does or does not get through. */
  async setState(targetName: string, state: 'LOGGED_IN' | 'FAILED'): Promise<void> {
    const session = this.#sessions.find((found) => found.targetName === targetName)
    await writeFile(this.#sys(`class/iscsi_session/session${session?.id}/state`), `${state}\n`)
  }

  /** As when somebody else ends it: with all its devices. */
  async dropSession(targetName: string): Promise<void> {
    const index = this.#sessions.findIndex((found) => found.targetName === targetName)
    const [session] = this.#sessions.splice(index, 1)
    await this.#removeSession(session!.id)
  }

  /** As after the loss of the node's state directory. */
  async forgetState(): Promise<void> {
    await rm(join(this.root, 'state'), { recursive: true })
  }

  /** The records that open-iscsi has, by their paths. */
  async records(): Promise<readonly string[]> {
    const found = await readdir(join(this.root, 'etc/iscsi/nodes'), {
      recursive: true,
      withFileTypes: true,
    }).catch(() => [])
    return found.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
  }

  async sessionCount(): Promise<number> {
    return (await this.kernel.sessions()).length
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.root, { recursive: true, force: true })
  }

  async #iscsiadm(args: readonly string[]): Promise<number> {
    const value = (name: string): string => args[args.indexOf(name) + 1] ?? ''
    if (value('--mode') === 'iface') return this.#iface(value('--op'), value('--interface'))
    if (args.includes('--login'))
      return this.#login(value('--targetname'), value('--portal'), value('--interface'))
    if (args.includes('--logout')) return this.#logout(Number(value('--sid')))
    return 0
  }

  async #iface(op: string, name: string): Promise<number> {
    const file = join(this.root, 'etc/iscsi/ifaces', name)
    const isThere = await readFile(file).then(
      () => true,
      () => false,
    )
    if (op === 'update' && !isThere) return 7
    await mkdir(join(this.root, 'etc/iscsi/ifaces'), { recursive: true })
    await writeFile(file, '')
    return 0
  }

  async #login(targetName: string, portal: string, iface: string): Promise<number> {
    const record = (await this.records()).find(
      (path) => path.includes(`/${targetName}/`) && path.endsWith(iface),
    )
    if (record === undefined) return 21
    const text = await readFile(record, 'utf8')
    this.usedRecords.push(text)
    const target = this.targets.get(targetName)
    if (target === undefined) return 19
    const secret = /^node\.session\.auth\.password = (.*)$/m.exec(text)?.[1]
    if (secret !== target.secret) return 24
    const [, address = '', port = ''] = /^(.*):(\d+),\d+$/.exec(portal) ?? []
    const id = this.#nextSession++
    const username = /^node\.session\.auth\.username = (.*)$/m.exec(text)?.[1] ?? ''
    const names = { targetname: targetName, ifacename: iface, initiatorname: 'iqn.node' }
    await this.#addSession(id, { ...names, username, password: secret ?? '' })
    await this.#files(`class/iscsi_connection/connection${id}:0`, {
      persistent_address: address.replaceAll(/[[\]]/g, ''),
      persistent_port: port,
    })
    this.#sessions.push({ id, targetName })
    return 0
  }

  async #addSession(id: number, attributes: Readonly<Record<string, string>>): Promise<void> {
    const folder = this.#sys(`devices/host${id}/session${id}`)
    await mkdir(folder, { recursive: true })
    await mkdir(this.#sys(`class/scsi_host/host${id}`), { recursive: true })
    await this.#files(`class/iscsi_session/session${id}`, { ...attributes, state: 'LOGGED_IN' })
    await symlink(folder, this.#sys(`class/iscsi_session/session${id}/device`))
  }

  async #logout(id: number): Promise<number> {
    const index = this.#sessions.findIndex((session) => session.id === id)
    if (index < 0) return 21
    this.#sessions.splice(index, 1)
    await this.#removeSession(id)
    return 0
  }

  async #removeSession(id: number): Promise<void> {
    for (const path of [`class/iscsi_session/session${id}`, `devices/host${id}`]) {
      await rm(this.#sys(path), { recursive: true, force: true })
    }
  }

  async #write(path: string, value: string): Promise<void> {
    const scan = /class\/scsi_host\/host(\d+)\/scan$/.exec(path)
    if (scan !== null) return this.#scan(Number(scan[1]), Number(value.split(' ')[2]))
    const [, id, lun] = /host(\d+)\/session\d+\/target[^/]*\/\d+:0:0:(\d+)\//.exec(path) ?? []
    if (path.endsWith('/delete')) return rm(join(path, '..'), { recursive: true })
    if (path.endsWith('/rescan')) return this.#describe(Number(id), Number(lun))
    throw new Error(`nothing is written to ${path}`)
  }

  async #scan(id: number, lun: number): Promise<void> {
    const target = this.#targetOf(id)
    const folder = this.#deviceOf(id, lun)
    if (target?.luns.has(lun) !== true || (await this.#diskOf(folder)) !== undefined) return
    const disk = `sd${String.fromCharCode(97 + this.#nextDisk++)}`
    await mkdir(join(folder, 'block', disk), { recursive: true })
    await mkdir(this.#sys(`block/${disk}/holders`), { recursive: true })
    await writeFile(join(this.root, 'dev', disk), '')
    await this.#describe(id, lun)
  }

  /** What a scan reads of a LUN, and remembers. A LUN that is gone says nothing, and what it said stays. */
  async #describe(id: number, lun: number): Promise<void> {
    const found = this.#targetOf(id)?.luns.get(lun)
    if (found === undefined) return
    const folder = this.#deviceOf(id, lun)
    const disk = await this.#diskOf(folder)
    await writeFile(join(folder, 'state'), 'running\n')
    await writeFile(join(folder, 'vpd_pg80'), page(0x80, Buffer.from(found.serial.padStart(36))))
    const naa = Buffer.from(found.naa, 'hex')
    await writeFile(join(folder, 'vpd_pg83'), page(0x83, Buffer.from([1, 3, 0, naa.length, ...naa])))
    await this.#files(`block/${disk}`, {
      size: String(found.sizeBytes / 512),
      ro: found.readOnly ? '1' : '0',
    })
  }

  #targetOf(id: number): FakeTarget | undefined {
    return this.targets.get(this.#sessions.find((session) => session.id === id)?.targetName ?? '')
  }

  #deviceOf(id: number, lun: number): string {
    return this.#sys(`devices/host${id}/session${id}/target${id}:0:0/${id}:0:0:${lun}`)
  }

  async #diskOf(folder: string): Promise<string | undefined> {
    return (await readdir(join(folder, 'block')).catch(() => []))[0]
  }

  async #files(folder: string, attributes: Readonly<Record<string, string>>): Promise<void> {
    await mkdir(this.#sys(folder), { recursive: true })
    for (const [name, value] of Object.entries(attributes)) {
      await writeFile(join(this.#sys(folder), name), `${value}\n`)
    }
  }

  #sys(path: string): string {
    return join(this.root, 'sys', path)
  }
}

/** A VPD page as sysfs shows it. */
function page(code: number, content: Buffer): Buffer {
  return Buffer.concat([Buffer.from([0, code, content.length >> 8, content.length & 0xff]), content])
}

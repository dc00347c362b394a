import { existsSync } from 'node:fs'
import { mkdtemp, open, rm } from 'node:fs/promises'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { type Daemon, run, startDaemon } from '../../src/host/exec.ts'

export interface LunOptions {
  readonly lun: number
  readonly path: string
  readonly serial: string
  readonly naa: string
  readonly readOnly?: boolean
  readonly thin?: boolean
  readonly blockSize?: number
}

const START_LIMIT_MS = 10_000

/** A tgtd of a test's own, on loopback, with its own control socket and a directory for backing files. */
export class Tgtd implements AsyncDisposable {
  readonly port: number
  readonly directory: string
  readonly #controlPort: number
  #daemon: Daemon
  #nextTid = 1

  private constructor(port: number, directory: string, controlPort: number, daemon: Daemon) {
    this.port = port
    this.directory = directory
    this.#controlPort = controlPort
    this.#daemon = daemon
  }

  static async start(): Promise<Tgtd> {
    const port = await freePort()
    const controlPort = freeControlPort()
    const directory = await mkdtemp(join(tmpdir(), 'mooring-tgtd-'))
    const daemon = await launch(controlPort, port)
    const tgtd = new Tgtd(port, directory, controlPort, daemon)
    await tgtd.#ready()
    return tgtd
  }

  get pid(): number {
    return this.#daemon.pid
  }

  /** Kills the daemon and starts another: all targets are gone, as after a crash. */
  async restart(): Promise<void> {
    await this.kill()
    this.#daemon = await launch(this.#controlPort, this.port)
    this.#nextTid = 1
    await this.#ready()
  }

  async kill(): Promise<void> {
    await this.#daemon.stop('SIGKILL', 1000)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill()
    await rm(this.directory, { recursive: true, force: true })
    await rm(`/var/run/tgtd/socket.${this.#controlPort}`, { force: true })
    await rm(`/var/run/tgtd/socket.${this.#controlPort}.lock`, { force: true })
  }

  /** `tgtadm --lld iscsi` with these arguments; gives back what it prints. */
  async admin(...args: readonly string[]): Promise<string> {
    const base = ['-C', String(this.#controlPort), '--lld', 'iscsi']
    const { stdout } = await run({ file: 'tgtadm', args: [...base, ...args] }, { timeoutMs: 20_000 })
    return stdout
  }

  /** A sparse backing file in this daemon's directory. */
  async file(name: string, sizeBytes: number): Promise<string> {
    const path = join(this.directory, name)
    const handle = await open(path, 'w')
    await handle.truncate(sizeBytes)
    await handle.close()
    return path
  }

  /** A target open to every initiator; gives back its tid. */
  async addTarget(name: string, parameters: Readonly<Record<string, string>> = {}): Promise<number> {
    const tid = await this.addShutTarget(name, parameters)
    await this.openTarget(tid)
    return tid
  }

  /** A target that nobody can log in to yet. */
  async addShutTarget(name: string, parameters: Readonly<Record<string, string>> = {}): Promise<number> {
    const tid = this.#nextTid
    this.#nextTid += 1
    await this.admin('--op', 'new', '--mode', 'target', '--tid', String(tid), '-T', name)
    for (const [key, value] of Object.entries(parameters)) {
      await this.admin('--op', 'update', '--mode', 'target', '--tid', String(tid), '-n', key, '-v', value)
    }
    return tid
  }

  async openTarget(tid: number): Promise<void> {
    await this.admin('--op', 'bind', '--mode', 'target', '--tid', String(tid), '-I', 'ALL')
  }

  async removeTarget(tid: number): Promise<void> {
    await this.admin('--op', 'delete', '--mode', 'target', '--force', '--tid', String(tid))
  }

  async addLun(tid: number, options: LunOptions): Promise<void> {
    const at = ['--mode', 'logicalunit', '--tid', String(tid), '--lun', String(options.lun)]
    const size = options.blockSize === undefined ? [] : ['--blocksize', String(options.blockSize)]
    await this.admin('--op', 'new', ...at, '-b', options.path, '--bstype', 'rdwr', ...size)
    const identity = `scsi_id=${options.naa},scsi_sn=${options.serial}`
    const flags = `thin_provisioning=${options.thin === false ? 0 : 1},readonly=${options.readOnly ? 1 : 0}`
    await this.admin('--op', 'update', ...at, '-P', `${identity},${flags}`)
  }

  /** Retries while a command is still under way on it. */
  async removeLun(tid: number, lun: number): Promise<void> {
    const args = ['--op', 'delete', '--mode', 'logicalunit', '--tid', String(tid), '--lun', String(lun)]
    for (let attempt = 1; ; attempt += 1) {
      try {
        await this.admin(...args)
        return
      } catch (error) {
        if (attempt === 100) throw error
        await delay(20)
      }
    }
  }

  async setState(tid: number, state: 'ready' | 'offline'): Promise<void> {
    await this.admin('--op', 'update', '--mode', 'target', '--tid', String(tid), '-n', 'state', '-v', state)
  }

  /** CHAP: `incoming` is what initiators must prove, `outgoing` what the target proves. */
  async addAccount(
    tid: number,
    account: { user: string; secret: string; outgoing?: boolean },
  ): Promise<void> {
    const { user, secret, outgoing } = account
    await this.admin('--op', 'new', '--mode', 'account', '--user', user, '--password', secret)
    const direction = outgoing ? ['--outgoing'] : []
    await this.admin('--op', 'bind', '--mode', 'account', '--tid', String(tid), '--user', user, ...direction)
  }

  /** Closes every connection to the target; gives back how many there were. */
  async kickSessions(tid: number): Promise<number> {
    const shown = await this.admin('--op', 'show', '--mode', 'conn', '--tid', String(tid))
    const sessions = [...shown.matchAll(/^Session: (\d+)$/gm)].map(([, sid]) => sid!)
    for (const sid of sessions) {
      const at = ['--mode', 'conn', '--tid', String(tid), '--sid', sid, '--cid', '0']
      await this.admin('--op', 'delete', ...at).catch(() => {}) // it may have gone by itself
    }
    return sessions.length
  }

  async #ready(): Promise<void> {
    const deadline = Date.now() + START_LIMIT_MS
    while (!(await accepts(this.port)) || !(await this.#answers())) {
      if (Date.now() > deadline) throw new Error('tgtd did not start')
      await delay(20)
    }
  }

  #answers(): Promise<boolean> {
    return this.admin('--op', 'show', '--mode', 'target').then(
      () => true,
      () => false,
    )
  }
}

function launch(controlPort: number, port: number): Promise<Daemon> {
  const args = ['-f', '-C', String(controlPort), '-t', '2', '--iscsi', `portal=127.0.0.1:${port}`]
  return startDaemon({ file: 'tgtd', args })
}

function freeControlPort(): number {
  for (let attempt = 0; attempt < 100; attempt += 1) {
    const port = 1000 + ((process.pid * 7 + attempt) % 30_000)
    if (!existsSync(`/var/run/tgtd/socket.${port}`)) return port
  }
  throw new Error('no free control port for tgtd')
}

/** A port that was free a moment ago. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.on('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number }
      server.close(() => resolve(port))
    })
  })
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port })
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
}

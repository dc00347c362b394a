import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Command, type CommandResult, type RunOptions, run } from '../../host/exec.ts'
import { StorageError } from '../../volumegroups/index.ts'

/**
 * Where the programs of open-iscsi are. iscsiadm and iscsid speak a protocol of their own version, so that a
 * container uses those of its host and brings none.
 */
export type HostAccess =
  | { readonly kind: 'direct' }
  /** The host's root file system is mounted at this path of the container. */
  | { readonly kind: 'chroot'; readonly root: string }
  /** The container shares the host's process ids. `iscsid`: where that runs in a container of its own. */
  | { readonly kind: 'nsenter'; readonly namespace: 'host' | 'iscsid' }

/** The access with what had to be looked up for it. */
export type Place =
  | Exclude<HostAccess, { kind: 'nsenter' }>
  | { readonly kind: 'nsenter'; readonly pid: number }

/** Where distributions keep the programs; the last is NixOS. */
const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/run/current-system/sw/bin'

/** The command as it is to be run from here. No shell takes part. */
export function commandAt(place: Place, { file, args, input }: Command): Command {
  switch (place.kind) {
    case 'direct':
      return { file, args, input }
    case 'chroot':
      return { file: 'chroot', args: [place.root, file, ...args], input }
    case 'nsenter': {
      const namespaces = `/proc/${place.pid}/ns`
      const flags = [`--mount=${namespaces}/mnt`, `--net=${namespaces}/net`]
      return { file: 'nsenter', args: [...flags, '--', file, ...args], input }
    }
  }
}

/** The path here of what has this absolute path there. */
export function pathAt(place: Place, path: string): string {
  switch (place.kind) {
    case 'direct':
      return path
    case 'chroot':
      return join(place.root, path)
    case 'nsenter':
      return join(`/proc/${place.pid}/root`, path)
  }
}

/** What is done at the host. */
export interface HostCommands {
  run(command: Command, options?: RunOptions): Promise<CommandResult>
  /** The path here of what has this absolute path there. */
  path(path: string): Promise<string>
}

/** Runs commands at the host, and says where its files are. */
export class Host implements HostCommands {
  readonly #access: HostAccess
  readonly #proc: string

  constructor(access: HostAccess, proc = '/proc') {
    this.#access = access
    this.#proc = proc
  }

  async run(command: Command, options: RunOptions = {}): Promise<CommandResult> {
    return run(commandAt(await this.#place(), command), { ...options, env: { PATH, ...options.env } })
  }

  async path(path: string): Promise<string> {
    return pathAt(await this.#place(), path)
  }

  /** Looked up each time: a container of iscsid is a new process after each restart. */
  async #place(): Promise<Place> {
    if (this.#access.kind !== 'nsenter') return this.#access
    const pid = this.#access.namespace === 'host' ? 1 : await this.#pidOf('iscsid')
    return { kind: 'nsenter', pid }
  }

  async #pidOf(name: string): Promise<number> {
    const pids = (await readdir(this.#proc)).filter((entry) => /^\d+$/.test(entry))
    const names = await Promise.all(
      pids.map((pid) => readFile(join(this.#proc, pid, 'comm'), 'utf8').catch(() => '')),
    )
    const pid = pids[names.findIndex((found) => found.trim() === name)]
    if (pid !== undefined) return Number(pid)
    throw new StorageError(
      'INITIATOR_UNAVAILABLE',
      `${name} does not run on this node, or is not to be seen`,
      {
        fix: `Start ${name}, and give the node plugin the host's process ids (hostPID).`,
      },
    )
  }
}

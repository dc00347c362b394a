import { StorageError } from '../../volumegroups/index.ts'
import type { HostCommands } from './host-access.ts'
import type { Identity } from './identity.ts'
import { type Kernel, until } from './kernel.ts'

const COMMAND_TIMEOUT_MS = 20_000
/** By itself multipathd makes a map at once, where it makes one at all. */
const OWN_ACCORD_MS = 2000
const MAP_TIMEOUT_MS = 10_000
const PREFIX = 'mpath-'

/** A disk that has several paths: the map that multipathd makes of them. */
export class Multipath {
  readonly #host: HostCommands
  readonly #kernel: Kernel

  constructor(host: HostCommands, kernel: Kernel) {
    this.#host = host
    this.#kernel = kernel
  }

  /** The map over this disk, such as `dm-0`; undefined when there is none. */
  async over(disk: string): Promise<string | undefined> {
    for (const holder of await this.#kernel.holdersOf(disk)) {
      if ((await this.#kernel.mapOf(holder))?.uuid.startsWith(PREFIX)) return holder
    }
    return undefined
  }

  /**
   * The map of these paths, made if there is none. Throws IDENTITY_MISMATCH when it was not made of the disk: what is
   * in it has the disk's NAA, by which multipathd puts paths together.
   */
  async map(disks: readonly string[], expected: Identity): Promise<string> {
    const [first] = disks as readonly [string]
    const map = await this.#made(first, disks)
    const uuid = (await this.#kernel.mapOf(map))?.uuid
    if (uuid !== uuidOf(expected.naa)) {
      throw new StorageError(
        'IDENTITY_MISMATCH',
        `the map over ${first} is ${uuid}, not of NAA ${expected.naa}`,
      )
    }
    return map
  }

  /** Takes over the size of its paths, once they all have it. */
  async resize(map: string): Promise<void> {
    const name = await this.#nameOf(map)
    const sizes = await Promise.all(
      [map, ...(await this.#kernel.slavesOf(map))].map((disk) => this.#kernel.sizeBytes(disk)),
    )
    const [size, ...paths] = sizes
    if (name === undefined || paths.every((path) => path === size)) return
    if (new Set(paths).size > 1) {
      throw new StorageError(
        'INITIATOR_UNAVAILABLE',
        `not all paths of the map ${name} show its new size yet`,
        {
          fix: 'Try again; if it stays so, look at the portals that do not answer.',
        },
      )
    }
    await this.#run('multipathd', 'resize', 'map', name)
  }

  /**
   * Takes away every map of the disk; its paths stay. OK when there is none. multipathd may make one anew as long as
   * it sees a path, and one that has none waits for it for ever: so it is done before the paths go, and after.
   */
  async remove({ naa }: Identity): Promise<void> {
    let failure: unknown
    const isGone = async (): Promise<boolean> => {
      for (const map of await this.#mapsOf(naa)) {
        await this.#run('multipath', '-f', map).catch((error) => {
          failure = error
        })
      }
      return (await this.#mapsOf(naa)).length === 0
    }
    if (await until(MAP_TIMEOUT_MS, isGone)) return
    throw new StorageError('STEP_TIMED_OUT', `the map of NAA ${naa} does not go away`, { cause: failure })
  }

  /** What waits for a path gets an error instead. */
  async fail(map: string): Promise<void> {
    const name = await this.#nameOf(map)
    if (name === undefined) return
    await this.#run('multipathd', 'disablequeueing', 'map', name).catch(() => {}) // else it would undo the next line
    await this.#run('dmsetup', 'message', name, '0', 'fail_if_no_path')
  }

  /** A host's multipathd can be told to leave alone what it was not told of. */
  async #made(first: string, disks: readonly string[]): Promise<string> {
    let map: string | undefined
    const isMade = async (): Promise<boolean> => {
      map = await this.over(first)
      const slaves = map === undefined ? [] : await this.#kernel.slavesOf(map)
      return disks.every((disk) => slaves.includes(disk))
    }
    if (!(await until(OWN_ACCORD_MS, isMade))) {
      for (const disk of disks) {
        await this.#run('multipath', '-a', `/dev/${disk}`).catch(() => {}) // the map not being there tells it
        await this.#run('multipathd', 'add', 'path', disk).catch(() => {})
      }
      await until(MAP_TIMEOUT_MS, isMade)
    }
    if (map !== undefined) return map
    throw new StorageError(
      'INITIATOR_UNAVAILABLE',
      'multipathd on the node makes no map of the paths of the disk',
      {
        fix: 'Start multipathd, and take what it blacklists or ignores (find_multipaths) off its configuration.',
      },
    )
  }

  /** By name, as the commands want it. */
  async #mapsOf(naa: string): Promise<readonly string[]> {
    const maps = await Promise.all((await this.#kernel.maps()).map((map) => this.#kernel.mapOf(map)))
    return maps.flatMap((map) => (map?.uuid === uuidOf(naa) ? [map.name] : []))
  }

  async #nameOf(map: string): Promise<string | undefined> {
    return (await this.#kernel.mapOf(map))?.name
  }

  async #run(file: string, ...args: readonly string[]): Promise<void> {
    await this.#host.run({ file, args }, { timeoutMs: COMMAND_TIMEOUT_MS })
  }
}

/** How multipathd calls the map of a disk with an NAA designator. */
const uuidOf = (naa: string): string => `${PREFIX}3${naa.toLowerCase()}`

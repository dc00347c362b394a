import { basename } from 'node:path'
import { type ChapCredentials, type Export, type Portal, StorageError } from '../../../volumegroups/index.ts'
import { createSerializer } from '../../serialize.ts'
import { wrongIdentity } from '../refusals.ts'
import {
  backstoreName,
  dropBackstore,
  ensureBackstore,
  listBackstores,
  naaFor,
  readBackstore,
  refreshSize,
} from './backstores.ts'
import { lunLink, mapping, target } from './layout.ts'
import * as projection from './projection.ts'
import { listInitiators, listLuns, ownerOf, readTarget, type ServedLun, type ServedTarget } from './served.ts'
import type { ConfigTree } from './tree.ts'

export interface ExportsOptions {
  readonly tree: ConfigTree
  readonly owner: string
  readonly portal: Omit<Portal, 'groupTag'>
  readonly fenceTimeoutMs: number
  /** While it says no, targets are made and changed, but nobody gets in. */
  readonly mayOpen: () => boolean
}

/** So long a fence hopes for an initiator that sends what it has announced; then its sessions are closed. */
const GAP_MS = 300
const MAX_WAITING = 10_000

/** What is served, and the steps that change it. Its caller lets one call work on a target at a time. */
export class Exports {
  readonly #options: ExportsOptions
  readonly #tree: ConfigTree
  /** Backstores are made, used and dropped one at a time: several targets may have one. */
  readonly #serialize = createSerializer(MAX_WAITING)

  constructor(options: ExportsOptions) {
    this.#options = options
    this.#tree = options.tree
  }

  async serve(wanted: Export): Promise<void> {
    const name = wanted.targetName
    await this.#settle(name)
    await this.#checkOwner(name)
    const found = await readTarget(this.#tree, name)
    checkIdentity(wanted, found)
    for (const half of found.halves) await this.withdraw(name, half)
    if (found.luns.size === 0) await this.#remove(name) // what a former element left of it
    if (!(await projection.isOpen(this.#tree, name))) await this.#build(wanted)
    await projection.setCredentials(this.#tree, name, wanted)
    if (found.luns.has(wanted.lun)) await projection.allowWrites(this.#tree, wanted)
    else await this.#add(wanted)
    await this.release(name)
  }

  /** When it returns, nothing of the LUN is under way or can come. A target without LUNs goes too. */
  async withdraw(name: string, lun: number): Promise<void> {
    await this.#settle(name)
    if (!(await this.#isOurs(name))) return
    const wasThere = (await listLuns(this.#tree, name)).includes(lun)
    await projection.hideLun(this.#tree, name, lun)
    const linked = await this.#tree.linkedTo(lunLink(name, lun))
    if (!(await projection.drainLun(this.#tree, name, lun, GAP_MS))) await this.#drainByForce(name, lun)
    await projection.removeLun(this.#tree, name, lun)
    if (linked !== undefined) await this.#drop(basename(linked))
    else if (wasThere) await this.sweep() // its link went when a former fence was given up: it may have had any
    const { luns, halves } = await readTarget(this.#tree, name)
    await (luns.size + halves.length > 0 ? this.release(name) : this.#remove(name))
  }

  /** Serves exactly these LUNs of one target. What can not be served keeps nothing else from being served. */
  async reconcile(
    name: string,
    wanted: readonly Export[],
    failed: (one: Export, error: unknown) => void = () => {},
  ): Promise<void> {
    await this.#settle(name)
    const { luns, halves, initiators } = await readTarget(this.#tree, name)
    const stays = (served: ServedLun): boolean =>
      initiators.length === 1 &&
      wanted.some((one) => isSame(one, served) && one.initiatorName === initiators[0])
    for (const served of luns.values()) if (!stays(served)) await this.withdraw(name, served.lun)
    for (const lun of halves) await this.withdraw(name, lun)
    if (luns.size + halves.length === 0) await this.#remove(name)
    for (const one of wanted) await this.serve(one).catch((error: unknown) => failed(one, error))
  }

  async protect(name: string, lun: number): Promise<void> {
    await this.#settle(name)
    const { luns, initiators } = await readTarget(this.#tree, name)
    if (!luns.has(lun)) return
    for (const initiator of initiators) {
      await projection.refuseWrites(this.#tree, mapping(name, initiator, lun), true)
    }
  }

  async disconnect(name: string, chap: ChapCredentials | undefined): Promise<void> {
    if (!(await this.#isOurs(name))) return
    await this.hold(name)
    for (const initiatorName of await listInitiators(this.#tree, name)) {
      await projection.setCredentials(this.#tree, name, { initiatorName, chap })
    }
    await this.release(name)
  }

  /** Shuts the door, and waits until nothing is under way. */
  async hold(name: string): Promise<void> {
    const { fenceTimeoutMs } = this.#options
    await this.#settle(name)
    if (!(await projection.shut(this.#tree, name, fenceTimeoutMs))) throw unquiet(fenceTimeoutMs)
  }

  async release(name: string): Promise<void> {
    if (this.#options.mayOpen() && (await this.#isOurs(name))) await projection.open(this.#tree, name)
  }

  async refreshSizes(exports: readonly Export[]): Promise<void> {
    const names = new Set(exports.map(({ serial }) => backstoreName(this.#options.owner, serial)))
    for (const name of names) {
      const store = await readBackstore(this.#tree, name)
      if (store) await refreshSize(this.#tree, store)
    }
  }

  /** Drops backstores that no target uses. */
  async sweep(): Promise<void> {
    for (const name of await listBackstores(this.#tree, this.#options.owner)) {
      await this.#drop(name)
    }
  }

  #drop(name: string): Promise<void> {
    return this.#serialize(name, () => dropBackstore(this.#tree, name))
  }

  async #build({ targetName: name, initiatorName }: Export): Promise<void> {
    await projection.makeTarget(this.#tree, name, { initiatorName, owner: this.#options.owner })
    await projection.setParameters(this.#tree, name)
    await projection.openPortal(this.#tree, name, this.#options.portal)
  }

  async #add(one: Export): Promise<void> {
    const { owner } = this.#options
    await this.#serialize(backstoreName(owner, one.serial), async () => {
      const store = await ensureBackstore(this.#tree, owner, one)
      await projection.mapLun(this.#tree, one, store)
    })
  }

  /** The initiator keeps a command open, or the store does: its sessions are closed, and it is shut out. */
  async #drainByForce(name: string, lun: number): Promise<void> {
    const { fenceTimeoutMs } = this.#options
    const done = await Promise.all([
      projection.shut(this.#tree, name, fenceTimeoutMs),
      projection.drainLun(this.#tree, name, lun, fenceTimeoutMs),
    ])
    if (!done.every((one) => one)) throw unquiet(fenceTimeoutMs)
  }

  async #remove(name: string): Promise<void> {
    if (!(await this.#isOurs(name))) return
    await this.hold(name)
    await projection.removeTarget(this.#tree, name)
  }

  async #settle(name: string): Promise<void> {
    const { fenceTimeoutMs } = this.#options
    if (!(await this.#tree.settled(target(name), fenceTimeoutMs))) throw unquiet(fenceTimeoutMs)
  }

  async #isOurs(name: string): Promise<boolean> {
    return (await ownerOf(this.#tree, name)) === this.#options.owner
  }

  /** One without a mark is what is left when an element dies before it has put its own there. */
  async #checkOwner(name: string): Promise<void> {
    const owner = await ownerOf(this.#tree, name)
    if (owner === undefined || owner === this.#options.owner) return
    throw new StorageError('IDENTITY_MISMATCH', `target ${name} is there already, made by ${owner}`)
  }
}

const isSame = (one: Export, served: ServedLun): boolean =>
  one.lun === served.lun &&
  one.backingPath === served.backingPath &&
  one.serial === served.serial &&
  one.readOnly === served.readOnly

/** Throws IDENTITY_MISMATCH when the wanted LUN or target is there for something else, or can not be shown as wanted. */
function checkIdentity(wanted: Export, { luns, initiators }: ServedTarget): void {
  const { lun, serial, naa, initiatorName } = wanted
  const existing = luns.get(lun)
  if (existing && !isSame(wanted, existing)) throw wrongIdentity(wanted)
  if (luns.size > 0 && !initiators.includes(initiatorName)) throw wrongIdentity(wanted)
  if (naa === naaFor(serial)) return
  const message = `the kernel's target can not show NAA ${naa} together with serial ${serial}`
  throw new StorageError('IDENTITY_MISMATCH', message)
}

const unquiet = (timeoutMs: number): StorageError =>
  new StorageError('FENCE_INCOMPLETE', `a target has a command under way since ${timeoutMs} ms`)

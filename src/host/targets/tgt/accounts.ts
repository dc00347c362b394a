import type { ChapCredentials } from '../../../volumegroups/index.ts'
import { createSerializer } from '../../serialize.ts'
import type { Link } from './daemon.ts'
import { unless } from './fence.ts'
import { TGT_RESULT } from './ipc.ts'
import { admit, bindAccount, deleteAccount, newAccount, shutOut, unbindAccount } from './requests.ts'

interface Account {
  /** Undefined when it is not known. */
  secret: string | undefined
  /** The targets that it is bound to, and whether they prove themselves by it. */
  readonly targets: Map<number, { readonly outgoing: boolean }>
}

interface Pair {
  readonly user: string
  readonly secret: string
  readonly outgoing: boolean
}

const MAX_WAITING = 10_000

/**
 * The CHAP accounts of one tgtd. They are global there: one secret for each user name, bound to any number of targets.
 * Nobody is admitted to a target while its accounts change, so that nobody can log in without credentials meanwhile.
 * Sessions that are open go on: in a target that is offline instead, tgtd would lose what they send.
 *
 * tgtd 1.0.85 crashes when it shows a target whose account was deleted while bound, or that lost one of several
 * incoming accounts: an account is unbound before it is deleted, and a target never has more than one incoming.
 */
export class Accounts {
  readonly #link: Link
  readonly #accounts = new Map<string, Account>()
  /** The initiators that are admitted, by target. */
  readonly #admitted = new Map<number, string>()
  readonly #serialize = createSerializer(MAX_WAITING)

  constructor(link: Link) {
    this.#link = link
  }

  /** Takes over what an adopted tgtd has. Its secrets can not be read, so they count as unknown. */
  adopt(users: readonly string[], bound: readonly { user: string; tid: number; outgoing: boolean }[]): void {
    for (const user of users) this.#accounts.set(user, { secret: undefined, targets: new Map() })
    for (const { user, tid, outgoing } of bound) this.#accounts.get(user)?.targets.set(tid, { outgoing })
  }

  /** Somebody else may have made or deleted accounts since: these are all that tgtd has. */
  relearn(users: readonly string[]): Promise<void> {
    return this.#serialize('accounts', async () => {
      for (const user of this.#accounts.keys()) if (!users.includes(user)) this.#accounts.delete(user)
      for (const user of users) {
        if (!this.#accounts.has(user)) this.#accounts.set(user, { secret: undefined, targets: new Map() })
      }
    })
  }

  /** Makes these credentials, and no others, the target's; for other targets of the same user too. */
  assign(tid: number, chap: ChapCredentials | undefined): Promise<void> {
    return this.#serialize('accounts', async () => {
      const wanted = pairsOf(chap)
      const change = async (): Promise<void> => {
        await this.#unbindOthers(tid, wanted)
        for (const pair of wanted) await this.#ensure(pair)
        for (const pair of wanted) await this.#bind(tid, pair)
      }
      await (this.#isBoundTo(tid, wanted) ? change() : this.#shut(tid, change))
      await this.#sweep()
    })
  }

  /** Admits the initiator, once no account changes. */
  open(tid: number, initiatorName: string): Promise<void> {
    return this.#serialize('accounts', async () => {
      this.#admitted.set(tid, initiatorName)
      await this.#admit(tid)
    })
  }

  /** From now on no change of accounts admits anybody to the target. */
  close(tid: number): void {
    this.#admitted.delete(tid)
  }

  /** The target is gone: deletes what no other target uses. */
  release(tid: number): Promise<void> {
    return this.#serialize('accounts', async () => {
      this.#admitted.delete(tid)
      for (const { targets } of this.#accounts.values()) targets.delete(tid)
      await this.#sweep()
    })
  }

  #isBoundTo(tid: number, wanted: readonly Pair[]): boolean {
    const bound = [...this.#accounts].filter(([, { targets }]) => targets.has(tid)).map(([user]) => user)
    return bound.length === wanted.length && wanted.every(({ user }) => bound.includes(user))
  }

  async #unbindOthers(tid: number, wanted: readonly Pair[]): Promise<void> {
    for (const [user, { targets }] of this.#accounts) {
      const binding = targets.get(tid)
      if (binding === undefined || wanted.some((pair) => pair.user === user)) continue
      await this.#link.call(unbindAccount(tid, user, binding.outgoing))
      targets.delete(tid)
    }
  }

  async #bind(tid: number, { user, outgoing }: Pair): Promise<void> {
    const targets = this.#accounts.get(user)?.targets
    if (targets === undefined || targets.has(tid)) return
    await this.#link.call(bindAccount(tid, user, outgoing))
    targets.set(tid, { outgoing })
  }

  /** An account can not be changed: it is made anew, with every target that has it shut. */
  async #ensure({ user, secret }: Pair): Promise<void> {
    const known = this.#accounts.get(user)
    if (known?.secret === secret) return
    const replace = async (): Promise<void> => {
      if (known) await this.#link.call(deleteAccount(user))
      await this.#link.call(newAccount(user, secret))
      this.#accounts.set(user, { secret, targets: known?.targets ?? new Map() })
    }
    const replaceUnbound = [...(known?.targets ?? [])].reduce<() => Promise<void>>(
      (task, [tid, { outgoing }]) =>
        () =>
          this.#unbound(tid, { user, secret, outgoing }, task),
      replace,
    )
    await replaceUnbound()
  }

  #unbound(tid: number, { user, outgoing }: Pair, task: () => Promise<void>): Promise<void> {
    return this.#shut(tid, async () => {
      await this.#link.call(unbindAccount(tid, user, outgoing))
      await task()
      await this.#link.call(bindAccount(tid, user, outgoing))
    })
  }

  async #shut(tid: number, task: () => Promise<void>): Promise<void> {
    const admitted = this.#admitted.get(tid)
    if (admitted !== undefined) await unless(this.#link, shutOut(tid, admitted), [TGT_RESULT.noAcl])
    await task()
    await this.#admit(tid)
  }

  async #admit(tid: number): Promise<void> {
    const admitted = this.#admitted.get(tid)
    if (admitted !== undefined) await unless(this.#link, admit(tid, admitted), [TGT_RESULT.aclExists])
  }

  async #sweep(): Promise<void> {
    for (const [user, { targets }] of this.#accounts) {
      if (targets.size > 0) continue
      await this.#link.call(deleteAccount(user))
      this.#accounts.delete(user)
    }
  }
}

function pairsOf(chap: ChapCredentials | undefined): readonly Pair[] {
  if (chap === undefined) return []
  const incoming = { user: chap.user, secret: chap.secret, outgoing: false }
  return chap.mutual === undefined ? [incoming] : [incoming, { ...chap.mutual, outgoing: true }]
}

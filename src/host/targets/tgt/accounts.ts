import type { ChapCredentials } from '../../../volumegroups/index.ts'
import { createSerializer } from '../../serialize.ts'
import type { Link } from './daemon.ts'
import { bindAccount, deleteAccount, newAccount, setState, unbindAccount } from './requests.ts'

/**
 * tgtd's accounts are global: one secret for each user name, bound to any number of targets. tgtd 1.0.85 crashes when
 * it shows a target whose account was deleted while bound, or that lost one of several incoming accounts; so an
 * account is unbound before it is deleted, and a target never has more than one incoming.
 */
export interface Accounts {
  /** Takes over what an adopted tgtd has. Its secrets can not be read, so they count as unknown. */
  adopt(users: readonly string[], bound: readonly { user: string; tid: number; outgoing: boolean }[]): void
  /** Makes these credentials, and no others, the target's. Nobody can log in without credentials meanwhile. */
  assign(tid: number, chap: ChapCredentials | undefined): Promise<void>
  /** While it is kept offline, no change of credentials makes the target ready. */
  keepOffline(tid: number, offline: boolean): void
  /** The target is gone: deletes what no other target uses. */
  release(tid: number): Promise<void>
}

interface Account {
  /** Undefined when it is not known. */
  secret: string | undefined
  readonly targets: Map<number, { readonly outgoing: boolean }>
}

const MAX_WAITING = 10_000

export function createAccounts(link: Link): Accounts {
  const accounts = new Map<string, Account>()
  const kept = new Set<number>()
  const serialize = createSerializer(MAX_WAITING)

  const offlineFor = async (tid: number, task: () => Promise<void>): Promise<void> => {
    await link.call(setState(tid, 'offline'))
    await task()
    if (!kept.has(tid)) await link.call(setState(tid, 'ready'))
  }
  const unbind = async (tid: number, wanted: readonly Pair[]): Promise<void> => {
    for (const [user, { targets }] of accounts) {
      const binding = targets.get(tid)
      if (binding === undefined || wanted.some((pair) => pair.user === user)) continue
      await link.call(unbindAccount(tid, user, binding.outgoing))
      targets.delete(tid)
    }
  }
  const bind = async (tid: number, user: string, outgoing: boolean): Promise<void> => {
    const account = accounts.get(user)!
    if (account.targets.has(tid)) return
    await link.call(bindAccount(tid, user, outgoing))
    account.targets.set(tid, { outgoing })
  }
  const ensure = async (user: string, secret: string): Promise<void> => {
    const account = accounts.get(user) ?? { secret: undefined, targets: new Map() }
    if (accounts.has(user) && account.secret === secret) return
    const offline = [...account.targets].reduce<() => Promise<void>>(
      (task, [tid, { outgoing }]) =>
        () =>
          offlineFor(tid, async () => {
            await link.call(unbindAccount(tid, user, outgoing))
            await task()
            await link.call(bindAccount(tid, user, outgoing))
          }),
      async () => {
        if (accounts.has(user)) await link.call(deleteAccount(user))
        await link.call(newAccount(user, secret))
        accounts.set(user, { ...account, secret })
      },
    )
    await offline()
  }
  const sweep = async (): Promise<void> => {
    for (const [user, { targets }] of accounts) {
      if (targets.size > 0) continue
      await link.call(deleteAccount(user))
      accounts.delete(user)
    }
  }
  return {
    adopt: (users, bound) => {
      for (const user of users) accounts.set(user, { secret: undefined, targets: new Map() })
      for (const { user, tid, outgoing } of bound) accounts.get(user)?.targets.set(tid, { outgoing })
    },
    assign: (tid, chap) =>
      serialize('accounts', async () => {
        const wanted = pairsOf(chap)
        const isNew = wanted.some(({ user }) => !accounts.get(user)?.targets.has(tid))
        const isLess = [...accounts].some(
          ([user, { targets }]) => targets.has(tid) && !wanted.some((pair) => pair.user === user),
        )
        const change = async (): Promise<void> => {
          await unbind(tid, wanted)
          for (const { user, secret } of wanted) await ensure(user, secret)
          for (const { user, outgoing } of wanted) await bind(tid, user, outgoing)
        }
        await (isNew || isLess ? offlineFor(tid, change) : change())
        await sweep()
      }),
    keepOffline: (tid, offline) => {
      if (offline) kept.add(tid)
      else kept.delete(tid)
    },
    release: (tid) =>
      serialize('accounts', async () => {
        for (const { targets } of accounts.values()) targets.delete(tid)
        await sweep()
      }),
  }
}

interface Pair {
  readonly user: string
  readonly secret: string
  readonly outgoing: boolean
}

function pairsOf(chap: ChapCredentials | undefined): readonly Pair[] {
  if (chap === undefined) return []
  const incoming = { user: chap.user, secret: chap.secret, outgoing: false }
  return chap.mutual === undefined ? [incoming] : [incoming, { ...chap.mutual, outgoing: true }]
}

import { isDeepStrictEqual } from 'node:util'
import { createSerializer } from '../../src/host/serialize.ts'
import { unstarted, wrongIdentity } from '../../src/host/targets/refusals.ts'
import type { ChapCredentials, Export, Portal, Target } from '../../src/volumegroups/index.ts'

/** What a memory target serves. It outlives the target, as a daemon outlives the element. */
export type MemoryDaemon = Map<string, Map<number, Export>>

export interface MemoryTarget extends Target {
  /** What the initiator could reach now, if it logged in with these credentials. */
  reachable(initiatorName: string, chap?: ChapCredentials): readonly Export[]
}

/** A Target without a network: who can reach which LUN, and nothing else. */
export function createMemoryTarget(
  daemon: MemoryDaemon = new Map(),
  portal: Portal = { address: '127.0.0.1', port: 3260, groupTag: 1 },
): MemoryTarget {
  const serialize = createSerializer(256)
  const offline = new Set<string>()
  const shielded = new Set<string>()
  let started = false
  let paused = false
  const running = (): void => {
    if (!started) throw unstarted()
  }
  const revoke = (targetName: string, lun: number): void => {
    const luns = daemon.get(targetName)
    luns?.delete(lun)
    shielded.delete(`${targetName} ${lun}`)
    if (luns?.size === 0) daemon.delete(targetName)
  }
  return {
    start: async (exports) => {
      started = true
      const wanted = new Set(exports.map(({ targetName, lun }) => `${targetName} ${lun}`))
      for (const { targetName, lun } of served(daemon)) {
        if (!wanted.has(`${targetName} ${lun}`)) revoke(targetName, lun)
      }
      for (const one of exports) put(daemon, one)
    },
    portals: () => [portal],
    isServing: () => started,
    grant: async (one) => {
      running()
      await serialize(one.targetName, async () => {
        checkIdentity(daemon, one)
        put(daemon, one)
        shielded.delete(`${one.targetName} ${one.lun}`)
      })
    },
    revoke: async (targetName, lun) => {
      running()
      await serialize(targetName, async () => revoke(targetName, lun))
    },
    protect: async (targetName, lun) => {
      running()
      await serialize(targetName, async () => {
        if (daemon.get(targetName)?.has(lun)) shielded.add(`${targetName} ${lun}`)
      })
    },
    disconnect: async (targetName, chap) => {
      running()
      await serialize(targetName, async () => {
        const luns = daemon.get(targetName)
        for (const [lun, one] of luns ?? []) luns?.set(lun, { ...one, chap })
      })
    },
    resize: async (exports, change) => {
      running()
      const names = exports.map(({ targetName }) => targetName)
      for (const name of names) offline.add(name)
      try {
        await change()
      } finally {
        for (const name of names) offline.delete(name)
      }
    },
    pause: async () => {
      paused = true
    },
    resume: async () => {
      paused = false
    },
    inventory: async () => {
      running()
      return [...daemon].map(([targetName, luns]) => ({
        targetName,
        luns: [...luns.keys()].sort((a, b) => a - b),
      }))
    },
    inspect: async () => {
      running()
      return [...daemon].map(([targetName, luns]) => {
        const exports = [...luns.values()]
        return {
          targetName,
          admitted: [...new Set(exports.map(({ initiatorName }) => initiatorName))],
          users: [...new Set(exports.flatMap(({ chap }) => chap?.user ?? []))],
          luns: exports.map(({ lun, backingPath, serial, readOnly }) => ({
            ...{ lun, backingPath, serial, readOnly },
          })),
        }
      })
    },
    remake: async (targetName, exports) => {
      running()
      await serialize(targetName, async () => {
        for (const lun of [...(daemon.get(targetName)?.keys() ?? [])]) revoke(targetName, lun)
        for (const one of exports) put(daemon, one)
      })
    },
    reachable: (initiatorName, chap) =>
      served(daemon)
        .filter(
          (one) =>
            !paused &&
            !offline.has(one.targetName) &&
            one.initiatorName === initiatorName &&
            (one.chap === undefined || isDeepStrictEqual(one.chap, chap)),
        )
        .map((one) => ({ ...one, readOnly: one.readOnly || shielded.has(`${one.targetName} ${one.lun}`) })),
    [Symbol.asyncDispose]: async () => {
      started = false
    },
  }
}

const served = (daemon: MemoryDaemon): Export[] => [...daemon.values()].flatMap((luns) => [...luns.values()])

function put(daemon: MemoryDaemon, one: Export): void {
  const luns = daemon.get(one.targetName) ?? new Map<number, Export>()
  for (const [lun, other] of luns) luns.set(lun, { ...other, chap: one.chap }) // credentials are the target's
  daemon.set(one.targetName, luns.set(one.lun, one))
}

function checkIdentity(daemon: MemoryDaemon, wanted: Export): void {
  const luns = daemon.get(wanted.targetName)
  const [any] = luns?.values() ?? []
  if (any && any.initiatorName !== wanted.initiatorName) throw wrongIdentity(wanted)
  const existing = luns?.get(wanted.lun)
  if (existing && !isDeepStrictEqual({ ...existing, chap: wanted.chap }, wanted)) throw wrongIdentity(wanted)
}

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { ChapCredentials, Export, Target } from '../../src/volumegroups/index.ts'
import {
  diskIds,
  type InitiatorId,
  naaOf,
  serialOf,
  targetNameOf,
  volumeGroupIds,
} from '../../src/volumegroups/index.ts'

/** What an initiator finds behind a LUN. */
export interface Seen {
  readonly serial: string
  readonly naa: string
  readonly readOnly: boolean
}

/** What the suite needs beside the target: files to serve, and an initiator's eyes. */
export interface TargetHarness extends AsyncDisposable {
  readonly target: Target
  /** A file of 8 MiB that can be served. */
  makeBacking(): Promise<string>
  /** Logs in as this initiator and looks at the LUN; undefined when it may not or when there is none. */
  look(who: Visitor, lun: number): Promise<Seen | undefined>
  /** What is served stays so while its size changes. */
  readonly growsLive?: boolean
  /** A new target object over what serves now, as after a restart of the element; not started yet. */
  restart(): Promise<Target>
}

export type Visitor = Pick<Export, 'targetName' | 'initiatorName' | 'chap'>

/** Every Target passes this suite. */
export function targetContract(name: string, make: () => Promise<TargetHarness>): void {
  describe(`${name} keeps the target contract`, () => {
    let harness: TargetHarness
    beforeAll(async () => {
      harness = await make()
    })
    afterAll(async () => {
      await harness?.[Symbol.asyncDispose]()
    })
    const use: Use = () => harness

    grantTests(use)
    identityTests(use)
    revokeTests(use)
    suspectTests(use)
    resizeTests(use)
    pauseTests(use)
    restartTests(use)
    remakeTests(use)
  })
}

type Use = () => TargetHarness

const SECRETS: ChapCredentials = {
  user: 'node-a',
  secret: 'a-secret-of-16-b',
  mutual: { user: 'element', secret: 'other-secret-16b' },
}

/** An export of a new disk in a new group. */
export async function newExport(
  use: () => Pick<TargetHarness, 'makeBacking'>,
  changes: Partial<Export> = {},
): Promise<Export> {
  const disk = diskIds.create()
  return {
    targetName: targetNameOf(volumeGroupIds.create(), 'node-a' as InitiatorId),
    initiatorName: 'iqn.2026-01.test:node-a',
    chap: SECRETS,
    lun: 1,
    backingPath: await use().makeBacking(),
    serial: serialOf(disk),
    naa: naaOf(disk),
    readOnly: false,
    ...changes,
  }
}

const look = (use: Use, one: Export, changes: Partial<Visitor> = {}) =>
  use().look({ ...one, ...changes }, one.lun)

const seen = ({ serial, naa, readOnly }: Export): Seen => ({ serial, naa, readOnly })

const lunsOf = async (target: Target, { targetName }: Export) =>
  (await target.inventory()).find((found) => found.targetName === targetName)?.luns

function grantTests(use: Use): void {
  test('nothing is served before the start', async () => {
    await expect(use().target.grant(await newExport(use))).rejects.toMatchObject({ reason: 'NOT_READY' })
    await use().target.start([])
    expect(await use().target.inventory()).toEqual([])
    expect(use().target.portals()).toHaveLength(1)
  })

  test('a granted LUN is there for its initiator, with its identity, and for nobody else', async () => {
    const one = await newExport(use)
    expect(await look(use, one)).toBeUndefined()
    await use().target.grant(one)
    await use().target.grant(one)
    expect(await look(use, one)).toEqual(seen(one))
    expect(await look(use, one, { initiatorName: 'iqn.2026-01.test:node-b' })).toBeUndefined()
    expect(await look(use, one, { chap: undefined })).toBeUndefined()
    const wrong = { user: SECRETS.user, secret: 'a-secret-of-16-X', mutual: SECRETS.mutual }
    expect(await look(use, one, { chap: wrong })).toBeUndefined()
    expect(await lunsOf(use().target, one)).toEqual([1])
  })

  test('a LUN may be read-only, and a target without credentials', async () => {
    const one = await newExport(use, { readOnly: true, chap: undefined })
    await use().target.grant(one)
    expect(await look(use, one)).toEqual(seen(one))
  })

  test('one file is served to two initiators, each through its own target', async () => {
    const one = await newExport(use)
    const two = {
      ...one,
      targetName: `${one.targetName}2`,
      initiatorName: 'iqn.2026-01.test:node-b',
      readOnly: true,
    }
    await Promise.all([use().target.grant(one), use().target.grant(two)])
    expect(await look(use, one)).toEqual(seen(one))
    expect(await look(use, two)).toEqual(seen(two))
    await use().target.revoke(one.targetName, one.lun)
    expect(await look(use, two)).toEqual(seen(two))
  })

  test('many grants at once, to one target and to several, all come true', async () => {
    const group = await newExport(use)
    const luns = await Promise.all(
      [1, 2, 3, 4].map((lun) => newExport(use, { targetName: group.targetName, lun })),
    )
    const others = await Promise.all([1, 2, 3, 4].map(() => newExport(use)))
    await Promise.all([...luns, ...others].map((one) => use().target.grant(one)))
    for (const one of [...luns, ...others]) expect(await look(use, one)).toEqual(seen(one))
    expect(await lunsOf(use().target, group)).toEqual([1, 2, 3, 4])
    await Promise.all([...luns, ...others].map((one) => use().target.revoke(one.targetName, one.lun)))
    expect(await lunsOf(use().target, group)).toBeUndefined()
  })
}

function identityTests(use: Use): void {
  test('a LUN that is there for something else is refused and stays', async () => {
    const one = await newExport(use)
    await use().target.grant(one)
    const other = await newExport(use)
    const refusal = { reason: 'IDENTITY_MISMATCH' }
    const differences: Partial<Export>[] = [
      { backingPath: other.backingPath },
      { serial: other.serial },
      { naa: other.naa },
      { readOnly: true },
      { initiatorName: 'iqn.2026-01.test:node-b' },
    ]
    for (const difference of differences) {
      await expect(use().target.grant({ ...one, ...difference })).rejects.toMatchObject(refusal)
    }
    expect(await look(use, one)).toEqual(seen(one))
  })

  test('a grant with new credentials replaces them', async () => {
    const old = {
      user: 'node-c',
      secret: 'a-secret-of-node',
      mutual: { user: 'to-c', secret: 'secret-to-node-c' },
    }
    const one = await newExport(use, { initiatorName: 'iqn.2026-01.test:node-c', chap: old })
    await use().target.grant(one)
    const chap = { ...old, secret: 'the-next-secret!' }
    await use().target.grant({ ...one, chap })
    expect(await look(use, one, { chap })).toEqual(seen(one))
    expect(await look(use, one)).toBeUndefined()
    await use().target.grant({ ...one, chap: undefined })
    expect(await look(use, one, { chap: undefined })).toEqual(seen(one))
  })
}

function revokeTests(use: Use): void {
  test('a revoked LUN is gone; its neighbours stay; revoking again changes nothing', async () => {
    const one = await newExport(use)
    const two = await newExport(use, { targetName: one.targetName, lun: 2 })
    await use().target.grant(one)
    await use().target.grant(two)
    for (let time = 0; time < 2; time++) {
      await use().target.revoke(one.targetName, one.lun)
      expect(await look(use, one)).toBeUndefined()
      expect(await look(use, two)).toEqual(seen(two))
      expect(await lunsOf(use().target, one)).toEqual([2])
    }
    await use().target.revoke(two.targetName, two.lun)
    await use().target.revoke(two.targetName, two.lun)
    expect(await look(use, two)).toBeUndefined()
    expect(await lunsOf(use().target, one)).toBeUndefined()
  })

  test('a LUN is granted again after it was revoked', async () => {
    const one = await newExport(use)
    await use().target.grant(one)
    await use().target.revoke(one.targetName, one.lun)
    const other = { ...(await newExport(use)), targetName: one.targetName }
    await use().target.grant(other)
    expect(await look(use, other)).toEqual(seen(other))
  })
}

function suspectTests(use: Use): void {
  test('a protected LUN can only be read, until it is granted again', async () => {
    const one = await newExport(use)
    const two = await newExport(use, { targetName: one.targetName, lun: 2 })
    for (const each of [one, two]) await use().target.grant(each)
    for (let time = 0; time < 2; time++) await use().target.protect(one.targetName, one.lun)
    expect(await look(use, one)).toEqual({ ...seen(one), readOnly: true })
    expect(await look(use, two)).toEqual(seen(two))
    await use().target.grant(one)
    expect(await look(use, one)).toEqual(seen(one))
  })

  test('a LUN that was protected and revoked comes back writable', async () => {
    const one = await newExport(use)
    await use().target.grant(one)
    await use().target.protect(one.targetName, one.lun)
    await use().target.revoke(one.targetName, one.lun)
    expect(await look(use, one)).toBeUndefined()
    await use().target.grant(one)
    expect(await look(use, one)).toEqual(seen(one))
  })

  test('who was disconnected gets in with the new credentials alone', async () => {
    const old = {
      user: 'node-d',
      secret: 'a-secret-of-node',
      mutual: { user: 'to-d', secret: 'secret-to-node-d' },
    }
    const one = await newExport(use, { initiatorName: 'iqn.2026-01.test:node-d', chap: old })
    await use().target.grant(one)
    const chap = { ...old, secret: 'the-next-secret!' }
    for (let time = 0; time < 2; time++) {
      await use().target.disconnect(one.targetName, chap)
      expect(await look(use, one)).toBeUndefined()
      expect(await look(use, one, { chap })).toEqual(seen(one))
    }
  })

  test('protecting or disconnecting what is not there is no error', async () => {
    const one = await newExport(use)
    await use().target.protect(one.targetName, one.lun)
    await use().target.disconnect(one.targetName, one.chap)
    expect(await look(use, one)).toBeUndefined()
  })
}

function resizeTests(use: Use): void {
  test('a file is served after its size was changed, and meanwhile by nothing, or as before', async () => {
    const one = await newExport(use)
    const two = { ...one, targetName: `${one.targetName}2`, initiatorName: 'iqn.2026-01.test:node-b' }
    const exports = [one, two]
    for (const each of exports) await use().target.grant(each)
    const during: (Seen | undefined)[] = []
    await use().target.resize(exports, async () => {
      for (const each of exports) during.push(await look(use, each))
    })
    expect(during).toEqual(use().growsLive ? exports.map(seen) : [undefined, undefined])
    for (const each of exports) expect(await look(use, each)).toEqual(seen(each))
  })

  test('a change that fails is told, and the LUN is served again', async () => {
    const one = await newExport(use)
    await use().target.grant(one)
    const failed = use().target.resize([one], () => Promise.reject(new Error('no room')))
    await expect(failed).rejects.toThrow('no room')
    expect(await look(use, one)).toEqual(seen(one))
  })

  test('the size of a file that is not served changes too', async () => {
    let changed = 0
    await use().target.resize([], async () => {
      changed += 1
    })
    expect(changed).toBe(1)
  })
}

function pauseTests(use: Use): void {
  test('nobody reaches a paused target; what was granted, revoked and resized meanwhile shows at the resume', async () => {
    const [kept, gone, grown] = [await newExport(use), await newExport(use), await newExport(use)]
    const neighbour = await newExport(use, { targetName: gone.targetName, lun: 2 })
    for (const one of [kept, gone, grown, neighbour]) await use().target.grant(one)
    await use().target.pause()
    await use().target.pause()
    const added = await newExport(use)
    const second = await newExport(use, { targetName: kept.targetName, lun: 2 })
    for (const one of [added, second, kept]) await use().target.grant(one)
    await use().target.revoke(gone.targetName, gone.lun)
    let changed = 0
    await use().target.resize([grown], async () => {
      changed += 1
    })
    expect(changed).toBe(1)
    const present = [kept, second, added, grown, neighbour]
    for (const one of [...present, gone]) expect(await look(use, one)).toBeUndefined()
    expect(await lunsOf(use().target, kept)).toEqual([1, 2])
    expect(await lunsOf(use().target, gone)).toEqual([2])
    await use().target.resume()
    await use().target.resume()
    for (const one of present) expect(await look(use, one)).toEqual(seen(one))
    expect(await look(use, gone)).toBeUndefined()
  })

  test('grants that cross a pause are reached after it only', async () => {
    const exports = await Promise.all(Array.from({ length: 8 }, () => newExport(use)))
    const grants = exports.map((one) => use().target.grant(one))
    await use().target.pause()
    await Promise.all(grants)
    for (const one of exports) expect(await look(use, one)).toBeUndefined()
    await use().target.resume()
    for (const one of exports) expect(await look(use, one)).toEqual(seen(one))
  })
}

function restartTests(use: Use): void {
  test('a restarted element serves exactly what it is told to, keeping what was there', async () => {
    const [kept, gone] = [await newExport(use), await newExport(use)]
    const second = await newExport(use, { targetName: kept.targetName, lun: 2 })
    for (const one of [kept, gone, second]) await use().target.grant(one)
    const added = await newExport(use)
    const changed = { ...second, readOnly: true }
    const target = await use().restart()
    await target.start([kept, added, changed])
    for (const one of [kept, added, changed]) expect(await look(use, one)).toEqual(seen(one))
    expect(await look(use, gone)).toBeUndefined()
    expect(await target.inventory()).toHaveLength(2)
    await target.start([kept, added, changed])
    await target.revoke(kept.targetName, kept.lun)
    expect(await lunsOf(target, kept)).toEqual([2])
  })

  test('a restarted element pauses what it finds, or serves what an element that was paused left', async () => {
    const one = await newExport(use)
    const paused = await use().restart()
    await paused.pause()
    await paused.start([one])
    expect(await look(use, one)).toBeUndefined()
    const next = await use().restart()
    await next.start([one])
    expect(await look(use, one)).toEqual(seen(one))
    const again = await use().restart()
    await again.pause()
    await again.start([one])
    expect(await look(use, one)).toBeUndefined()
    await again.resume()
    expect(await look(use, one)).toEqual(seen(one))
  })
}

function remakeTests(use: Use): void {
  test('what is served can be inspected, and made anew with other exports, or none', async () => {
    const target = await use().restart()
    const one = await newExport(use)
    const { targetName, initiatorName, serial, backingPath } = one
    const other = await newExport(use, { targetName, lun: 2, readOnly: true })
    const inspect = async () => (await target.inspect()).find((found) => found.targetName === targetName)
    const lun = ({ lun, backingPath, serial, readOnly }: Export) => ({ lun, backingPath, serial, readOnly })
    await target.start([one])
    expect(await inspect()).toEqual({
      ...{ targetName, admitted: [initiatorName], users: [SECRETS.user] },
      luns: [{ lun: 1, backingPath, serial, readOnly: false }],
    })
    await target.remake(targetName, [one, other])
    expect((await inspect())?.luns).toEqual([lun(one), lun(other)])
    await target.remake(targetName, [other])
    expect((await inspect())?.luns).toEqual([lun(other)])
    await target.remake(targetName, [])
    expect(await inspect()).toBeUndefined()
  })
}

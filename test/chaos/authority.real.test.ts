import { rename } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createElementEndpoint, type ElementEndpoint } from '../../src/endpoints/element/element-endpoint.ts'
import { bootTimeMs } from '../../src/host/sentinel/sentinel.ts'
import { timesOf } from '../../src/volumegroups/index.ts'
import { Deployment } from '../support/deployment.ts'
import { byLength } from '../support/duration.ts'
import { fillStateDisk } from './authority/fill-state-disk.ts'
import { Guest } from './authority/guest.ts'
import { sentinelOf, tgtdOf } from './tgtd.ts'

/**
 * The element can not write its database, or does nothing any more, while a guest writes without a pause. Nothing is
 * acknowledged later than the bound that the element tells; when it is well again all goes on by itself.
 */

const LEASE_MS = byLength(4000, 15_000)
const { boundMs } = timesOf(LEASE_MS)
/** How long after the end of a fault the guest writes again. Far above what is measured, as the machine may be busy. */
const MAX_RETURN_MS = 60_000
const ROUNDS = byLength(1, 20)

let deployment: Deployment
let element: ElementEndpoint
let guest: Guest

async function start(mode: 'bounded' | 'available'): Promise<void> {
  deployment = await Deployment.start({
    ...{ name: 'mooring-authority', onStop: 'serve', stateDisk: true, elementOnly: true },
    authority: { mode, leaseMs: LEASE_MS },
  })
  element = createElementEndpoint({ socketPath: deployment.elementSocket }, { timeoutMs: 10_000 })
  guest = await Guest.start(element, 'guest')
}

async function stop(): Promise<void> {
  await guest?.[Symbol.asyncDispose]()
  await element?.[Symbol.asyncDispose]()
  await deployment?.[Symbol.asyncDispose]()
}

interface Fault {
  readonly begin: () => Promise<unknown>
  readonly end: () => Promise<unknown>
  /** What the element, which still answers, says why it has no authority. */
  readonly why?: RegExp
}

const disk = () => deployment.stateDisk!
const moved = (from: string, to: string) => () => rename(join(disk().target, from), join(disk().target, to))

const FAULTS: Readonly<Record<string, Fault>> = {
  'the element is stopped': {
    begin: async () => process.kill(deployment.pid('element'), 'SIGSTOP'),
    end: async () => process.kill(deployment.pid('element'), 'SIGCONT'),
  },
  'the element is killed, and nobody starts it': {
    begin: () => deployment.kill('element', 'SIGKILL'),
    end: () => deployment.run('element'),
  },
  'the disk of its database is frozen': {
    begin: () => disk().freeze(),
    end: () => disk().thaw(),
  },
  'the disk of its database is full': {
    begin: () => fillStateDisk(disk(), element),
    end: () => disk().free(),
    why: /its disk is full/,
  },
  'its database is gone': {
    begin: moved('element.db', 'away.db'),
    end: moved('away.db', 'element.db'),
    why: /its file is gone/,
  },
}

const CASES = Array.from({ length: ROUNDS }, () => Object.entries(FAULTS)).flat()

describe('bounded', () => {
  beforeAll(() => start('bounded'))
  afterAll(stop)

  test.each(CASES)(
    '%s: no write is acknowledged after the bound',
    { timeout: 180_000 },
    async (name, fault) => {
      await guest.untilAcknowledgedAfter(bootTimeMs(), MAX_RETURN_MS)
      expect((await element.status()).authority).toMatchObject({ state: 'held', boundMs, serving: true })
      await fault.begin()
      const begun = bootTimeMs()
      let last = begun
      try {
        await sleep(begun + boundMs - bootTimeMs())
        last = guest.lastAcknowledgedMs
        await sleep(2000)
        expect(guest.lastAcknowledgedMs).toBe(last)
        expect(tgtdOf(deployment)).toBeUndefined()
        if (fault.why) await expectLost(fault.why)
      } finally {
        await fault.end()
      }
      const ended = bootTimeMs()
      await guest.untilAcknowledgedAfter(ended, MAX_RETURN_MS)
      const [served, back] = [last - begun, guest.lastAcknowledgedMs - ended].map((ms) => Math.round(ms))
      process.stdout.write(
        `${name}: the last write ${served} ms after, within ${boundMs}; back after ${back} ms\n`,
      )
      await expect
        .poll(async () => (await element.status()).authority.state, { timeout: 30_000 })
        .toBe('held')
    },
  )

  test('the sentinel is killed: the target goes with it, and both are started again', {
    timeout: 90_000,
  }, async () => {
    const [sentinel, tgtd] = [sentinelOf(deployment), tgtdOf(deployment)]
    const begun = bootTimeMs()
    process.kill(sentinel!, 'SIGKILL')
    await expect.poll(() => tgtdOf(deployment), { timeout: 10_000 }).not.toBe(tgtd)
    await guest.untilAcknowledgedAfter(bootTimeMs(), MAX_RETURN_MS)
    expect(sentinelOf(deployment)).not.toBe(sentinel)
    expect((await element.status()).authority.since.getTime()).toBeLessThan(
      Date.now() - (bootTimeMs() - begun),
    )
  })

  test('the element is restarted again and again: the target is the same one and goes on', {
    timeout: 180_000,
  }, async () => {
    const tgtd = tgtdOf(deployment)
    for (let round = 0; round < byLength(4, 100); round += 1) {
      await deployment.kill('element', round % 2 === 0 ? 'SIGTERM' : 'SIGKILL')
      await deployment.run('element')
    }
    await guest.untilAcknowledgedAfter(bootTimeMs(), MAX_RETURN_MS)
    expect(tgtdOf(deployment)).toBe(tgtd)
  })
})

describe('available', () => {
  beforeAll(() => start('available'))
  afterAll(stop)

  test('what is granted is served on, and nothing is changed', { timeout: 120_000 }, async () => {
    const fault = FAULTS['its database is gone']!
    await fault.begin()
    try {
      await sleep(boundMs + 2000)
      await guest.untilAcknowledgedAfter(bootTimeMs(), MAX_RETURN_MS)
      await expectLost(fault.why!)
      await element.connection(guest.diskId, 'guest' as never)
    } finally {
      await fault.end()
    }
    await expect.poll(async () => (await element.status()).authority.state, { timeout: 30_000 }).toBe('held')
    await element.createProject('/well')
  })
})

/** It says so, and neither changes nor vouches for anything; what need not be vouched for it still reads. */
async function expectLost(why: RegExp): Promise<void> {
  const { authority } = await element.status()
  expect(authority).toMatchObject({ state: 'lost', why: expect.stringMatching(why) })
  const refused = { reason: 'AUTHORITY_LOST', message: expect.stringMatching(why) }
  await expect(element.createProject('/never')).rejects.toMatchObject(refused)
  await expect(element.revoke(guest.diskId, undefined)).rejects.toMatchObject(refused)
  await expect(element.getDisk(guest.diskId, { authoritative: true })).rejects.toMatchObject(refused)
  expect((await element.getDisk(guest.diskId)).id).toBe(guest.diskId)
  if (authority.mode === 'available') return
  await expect(element.connection(guest.diskId, 'guest' as never)).rejects.toMatchObject(refused)
}

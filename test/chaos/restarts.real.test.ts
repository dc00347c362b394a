import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { callTgtd } from '../../src/host/targets/tgt/ipc.ts'
import { closeConnection, showConnections, showTargets } from '../../src/host/targets/tgt/requests.ts'
import { parseConnections, parseTargets } from '../../src/host/targets/tgt/show.ts'
import { keeperSocket } from '../../src/initiators/userspace/keeper/keeper.ts'
import { askKeeper } from '../../src/initiators/userspace/keeper/keeper-client.ts'
import { censusOf, remainsOf } from '../support/census.ts'
import { Deployment } from '../support/deployment.ts'
import { byLength } from '../support/duration.ts'
import { verifySteadily } from '../support/fio.ts'
import {
  attachVolume,
  createVolume,
  type Driver,
  deleteVolume,
  detachVolume,
  type TestVolume,
} from '../support/volumes.ts'
import { killTgtd, signalTgtd } from './tgtd.ts'

/**
 * Everything between a pod and its bytes dies or goes away while fio writes and checks on several disks: I/O waits and
 * goes on, with no error and no wrong byte.
 */

const DISKS = byLength(4, 16)
const SIZE_MIB = 32
const MIB = 1024 ** 2
/** fio goes on for so long after the fault is over. */
const SECONDS_AFTER = 2
const AWAY_MS = byLength(5000, 20_000)

let deployment: Deployment
let driver: Driver
const volumes: TestVolume[] = []
const paths: string[] = []

beforeAll(async () => {
  deployment = await Deployment.start({ name: 'mooring-storm', onStop: 'serve' })
  driver = {
    controller: deployment.csi('controller'),
    node: deployment.csi('node'),
    folder: join(deployment.folder, 'kubelet'),
  }
  for (let index = 0; index < DISKS; index += 1) {
    const volume = await createVolume(driver, {
      name: `storm-${index}`,
      sizeBytes: SIZE_MIB * MIB,
      access: 'block',
    })
    volumes.push(volume)
    paths.push(await attachVolume(driver, volume))
  }
})
afterAll(() => deployment?.[Symbol.asyncDispose]())

const FAULTS: Readonly<Record<string, () => Promise<void>>> = {
  'nothing at all': async () => {},
  'the element is killed and started': async () => {
    await deployment.kill('element', 'SIGKILL')
    await deployment.run('element')
  },
  'the element is stopped and started': async () => {
    await deployment.kill('element', 'SIGTERM')
    await deployment.run('element')
  },
  'tgtd is killed': () => killTgtd(deployment),
  'element and tgtd are killed, and the element is started': async () => {
    await killElementAndTgtd()
    await deployment.run('element')
  },
  'all sessions are kicked, five times': async () => {
    for (let round = 0; round < 5; round += 1) {
      await kickSessions()
      await sleep(300)
    }
  },
  'the node is killed and started': async () => {
    await deployment.kill('node', 'SIGKILL')
    await deployment.run('node')
  },
  'the node is stopped and started': async () => {
    await deployment.kill('node', 'SIGTERM')
    await deployment.run('node')
  },
  'all workers are killed every two seconds': async () => {
    for (let round = 0; round < byLength(3, 15); round += 1) {
      await killWorkers()
      await sleep(2000)
    }
  },
  'all workers are renewed, as by an upgrade': async () => {
    await askKeeper(keeper(), { op: 'renew' }, 60_000)
  },
  [`tgtd is silent for ${AWAY_MS / 1000} s`]: async () => {
    signalTgtd(deployment, 'SIGSTOP')
    await sleep(AWAY_MS)
    signalTgtd(deployment, 'SIGCONT')
  },
  [`the portal refuses connections for ${AWAY_MS / 1000} s`]: async () => {
    await killElementAndTgtd()
    await sleep(AWAY_MS)
    await deployment.run('element')
  },
}

test.each(Object.entries(FAULTS))('%s', { timeout: 300_000 }, async (name, fault) => {
  const stop = new AbortController()
  const jobs = paths.map((file) => writeUntil(file, stop.signal))
  const running = Promise.all(jobs)
  running.catch(() => {}) // awaited below, after the fault
  await sleep(1000)
  await fault()
  await sleep(SECONDS_AFTER * 1000)
  stop.abort()
  const longest = await running
  process.stdout.write(`${DISKS} disks, ${name}: longest stall ${Math.max(...longest).toFixed(0)} ms\n`)
})

test('all disks go away in order', async () => {
  for (const volume of volumes) {
    await detachVolume(driver, volume)
    await deleteVolume(driver, volume)
  }
  expect(remainsOf(await censusOf(deployment))).toEqual({})
})

/** Writes and checks, second by second, until it is told to stop; gives the longest time that one I/O took. */
async function writeUntil(file: string, stop: AbortSignal): Promise<number> {
  let longestMs = 0
  while (!stop.aborted) {
    const figures = await verifySteadily({ file, sizeMib: SIZE_MIB, seconds: 3, iodepth: 4 })
    longestMs = Math.max(longestMs, figures.longestMs)
    expect(figures.readMib).toBeGreaterThan(0)
  }
  return longestMs
}

async function killElementAndTgtd(): Promise<void> {
  await deployment.kill('element', 'SIGKILL')
  await killTgtd(deployment)
}

async function kickSessions(): Promise<void> {
  const { targetSocket } = deployment
  for (const { tid } of parseTargets(await callTgtd(targetSocket, showTargets))) {
    for (const { session, connection } of parseConnections(
      await callTgtd(targetSocket, showConnections(tid)),
    )) {
      await callTgtd(targetSocket, closeConnection(tid, session, connection)).catch(() => {}) // it may have gone by itself
    }
  }
}

const keeper = (): string => keeperSocket(join(deployment.folder, 'node/userspace'))

async function killWorkers(): Promise<void> {
  const { workers } = await askKeeper(keeper(), { op: 'status' }, 10_000)
  for (const { pid } of workers) process.kill(pid, 'SIGKILL')
}

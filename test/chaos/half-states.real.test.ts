import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type ServiceError, status } from '@grpc/grpc-js'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { CreateVolumeResponse, NodeGetInfoResponse } from '../../src/csi/messages.ts'
import { CsiClient } from '../fakes/csi-client.ts'
import { censusOf, remainsOf } from '../support/census.ts'
import { Deployment } from '../support/deployment.ts'
import { byLength } from '../support/duration.ts'
import { type CreateOptions, madeVolume, type TestVolume } from '../support/volumes.ts'
import { type CsiCall, callsFor, creation, type Place } from './csi-calls.ts'
import { count, describeTally, type Tally } from './unruly-caller.ts'
import { checkMark, writeMark } from './volume-life.ts'

/**
 * The node process is killed in the middle of its calls, at moments spread over the time that they take. Whatever
 * it was at, the same call finishes it after a restart, and nothing is left of it.
 */

const MIB = 1024 ** 2
/** One kill in each of the calls of a life. */
const LIVES = byLength(8, 60)
const KINDS: readonly Partial<CreateOptions>[] = [
  { sizeBytes: 32 * MIB, parameters: { fsType: 'ext4' } },
  { sizeBytes: 320 * MIB, parameters: { fsType: 'xfs' } },
  { sizeBytes: 32 * MIB, access: 'block' },
]
const CALL_TIMEOUT_MS = 60_000

let deployment: Deployment
let place: Place
let controller: CsiClient
const retries: Tally = new Map()
let kills = 0
let cutOff = 0

interface Member {
  readonly volume: TestVolume
  readonly calls: ReturnType<typeof callsFor>
  readonly sizeBytes: number
}

describe.each(byLength(['controller'] as const, ['controller', 'node'] as const))(
  'granted by the %s',
  (attach) => {
    beforeAll(async () => {
      deployment = await Deployment.start({ name: 'mooring-halves', attach })
      controller = deployment.csi('controller')
      const { nodeId } = await deployment.csi('node').call<NodeGetInfoResponse>('NodeGetInfo')
      place = { nodeId, folder: join(deployment.folder, 'kubelet') }
    })
    afterAll(() => deployment?.[Symbol.asyncDispose]())

    test(`the same call finishes what a killed node left, ${LIVES} times for each call`, {
      timeout: 900_000,
    }, async () => {
      await lifeWith(undefined, { name: 'warm-up', attach })
      const durations = await lifeWith(undefined, { name: 'measured', attach })
      for (let life = 0; life < LIVES; life += 1) {
        const killAfterMs = (rpc: string): number =>
          ((durations.get(rpc) ?? 0) * (life + Math.random())) / LIVES
        await lifeWith(killAfterMs, { name: `life-${life}`, attach })
        expect(remainsOf(await censusOf(deployment))).toEqual({})
      }
      const waited = describeTally(retries) || 'none'
      process.stdout.write(
        `${kills} kills of the node cut off ${cutOff} calls; calls that had to wait: ${waited}\n`,
      )
      expect(cutOff).toBeGreaterThan(0)
    })
  },
)

/**
 * A volume of each kind goes through its life on the node, all at once, call by call.
 * @param killAfterMs when to kill the node in the middle of such calls. Gives back how long the calls took.
 */
async function lifeWith(
  killAfterMs: ((rpc: string) => number) | undefined,
  { name, attach }: { readonly name: string; readonly attach: 'controller' | 'node' },
): Promise<ReadonlyMap<string, number>> {
  const durations = new Map<string, number>()
  const members = await Promise.all(
    KINDS.map((kind, index) => memberOf({ ...kind, name: `${name}-${index}` })),
  )
  const together = async (callOf: (member: Member) => CsiCall): Promise<void> => {
    const calls = members.map(callOf)
    const rpc = calls[0]!.rpc
    const begun = performance.now()
    if (killAfterMs === undefined) await Promise.all(calls.map(finish))
    else await interrupt(calls, killAfterMs(rpc))
    durations.set(rpc, performance.now() - begun)
  }
  if (attach === 'controller') {
    for (const { calls } of members) await controller.call(calls.grant.rpc, calls.grant.fields)
  }
  await together(({ calls }) => calls.stage)
  await together(({ calls }) => calls.publish)
  for (const { volume } of members) writeMark(place, volume, volume.volumeId)
  await growDisks(members)
  await together(({ calls, sizeBytes }) => calls.growOnNode(sizeBytes))
  for (const { volume } of members) checkMark(place, volume, volume.volumeId)
  await together(({ calls }) => calls.unpublish)
  await together(({ calls }) => calls.unstage)
  await remountAndCheck(members)
  for (const { calls } of members) {
    if (attach === 'controller') await controller.call(calls.revoke.rpc, calls.revoke.fields)
    await controller.call(calls.deletion.rpc, calls.deletion.fields)
  }
  return durations
}

async function memberOf(options: CreateOptions): Promise<Member> {
  const { rpc, fields } = creation(options)
  const volume = madeVolume(options, await controller.call<CreateVolumeResponse>(rpc, fields))
  // ext4 can not grow online in a sandbox without CAP_SYS_RESOURCE, so there the call has nothing to do.
  const factor = options.parameters?.fsType === 'ext4' ? 1 : 2
  return { volume, calls: callsFor(place, volume), sizeBytes: factor * (options.sizeBytes ?? 0) }
}

async function growDisks(members: readonly Member[]): Promise<void> {
  for (const { calls, sizeBytes } of members) {
    const { rpc, fields } = calls.grow(sizeBytes)
    await controller.call(rpc, fields, CALL_TIMEOUT_MS)
  }
}

/** What was on the disk is still there, after all the kills. */
async function remountAndCheck(members: readonly Member[]): Promise<void> {
  for (const { volume, calls } of members) {
    await finish(calls.stage)
    await finish(calls.publish)
    checkMark(place, volume, volume.volumeId)
    await finish(calls.unpublish)
    await finish(calls.unstage)
  }
}

/** Starts the calls, kills the node in their middle, starts it again and has them finished. */
async function interrupt(calls: readonly CsiCall[], afterMs: number): Promise<void> {
  const interrupted = Promise.all(calls.map((call) => send(call).catch(countCutOff)))
  await sleep(afterMs)
  await deployment.kill('node', 'SIGKILL')
  kills += 1
  await interrupted
  await deployment.run('node')
  await Promise.all(calls.map(finish))
}

/** Only what a killed node's own child processes still hold may make the next call wait, as ABORTED says. */
async function finish(call: CsiCall): Promise<void> {
  for (let attempt = 0; attempt < 100; attempt += 1) {
    try {
      return await send(call)
    } catch (error) {
      const { code, details } = error as ServiceError
      if (code !== status.ABORTED)
        throw new Error(`${call.rpc}: ${status[code]} ${details}`, { cause: error })
      count(retries, `${call.rpc} (${details.split(':')[0]})`)
      await sleep(50)
    }
  }
  throw new Error(`${call.rpc} is ABORTED again and again: ${JSON.stringify(call.fields)}`)
}

async function send({ rpc, fields }: CsiCall): Promise<void> {
  using node = new CsiClient(`unix://${deployment.nodeSocket}`)
  await node.call(rpc, fields, CALL_TIMEOUT_MS)
}

function countCutOff(): void {
  cutOff += 1
}

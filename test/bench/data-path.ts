import type { NodeGetInfoResponse } from '../../src/csi/messages.ts'
import { createElementEndpoint } from '../../src/endpoints/element/element-endpoint.ts'
import { run } from '../../src/host/exec.ts'
import type { Connection, DiskId, InitiatorId } from '../../src/volumegroups/index.ts'
import { attachVolume, createVolume, deleteVolume, detachVolume } from '../support/volumes.ts'
import { type Figure, median } from './figures.ts'
import { type Rate, rateOf } from './fio.ts'
import type { Site } from './site.ts'

const ROUNDS = 3
const SECONDS = 4
const MIB = 1024 ** 2

const LARGE = { bs: '1m', iodepth: 8 }
const SMALL = { bs: '4k', iodepth: 16 }

/**
 * The device of an attached block volume under fio, beside libiscsi's iscsi-perf on the same LUN of the same target,
 * in turns. iscsi-perf can only read, so the ratios are those of reads.
 */
export async function measureDataPath({ driver, deployment }: Site): Promise<Figure[]> {
  const volume = await createVolume(driver, { name: 'bench-data', sizeBytes: 512 * MIB, access: 'block' })
  const device = await attachVolume(driver, volume)
  const { nodeId } = await driver.node.call<NodeGetInfoResponse>('NodeGetInfo')
  await using element = createElementEndpoint({ socketPath: deployment.elementSocket })
  const connection = await element.connection(volume.volumeId as DiskId, nodeId as InitiatorId)
  await rateOf(device, SECONDS, { rw: 'write', ...LARGE }) // fills the disk, so that reads come from data
  const loads = {
    write: () => rateOf(device, SECONDS, { rw: 'write', ...LARGE }),
    read: () => rateOf(device, SECONDS, { rw: 'read', ...LARGE }),
    peerRead: () => iscsiPerf(connection, ['-b', String(MIB / 512), '-m', '8']),
    smallWrite: () => rateOf(device, SECONDS, { rw: 'randwrite', ...SMALL }),
    smallRead: () => rateOf(device, SECONDS, { rw: 'randread', ...SMALL }),
    peerSmallRead: () => iscsiPerf(connection, ['-b', '8', '-m', '16', '-r']),
  }
  const seen: Record<keyof typeof loads, Rate[]> = {
    ...{ write: [], read: [], peerRead: [], smallWrite: [], smallRead: [], peerSmallRead: [] },
  }
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const name of Object.keys(loads) as (keyof typeof loads)[]) seen[name].push(await loads[name]())
  }
  await detachVolume(driver, volume)
  await deleteVolume(driver, volume)
  return figuresOf(seen)
}

function figuresOf(seen: Record<string, Rate[]>): Figure[] {
  const of = (load: string, kind: keyof Rate): number[] => (seen[load] as Rate[]).map((rate) => rate[kind])
  const common = { samples: ROUNDS }
  const rate = (name: string, load: string): Figure => ({
    ...{ ...common, name, unit: 'MiB/s' },
    value: median(of(load, 'bytesPerSecond')) / MIB,
  })
  const iops = (name: string, load: string): Figure => ({
    ...{ ...common, name, unit: 'IOPS' },
    value: median(of(load, 'iops')),
  })
  const ratio = (name: string, ours: string, theirs: string): Figure => ({
    ...{ ...common, name, unit: 'x', atLeast: 0.5 },
    value: median(of(ours, 'iops')) / median(of(theirs, 'iops')),
  })
  return [
    rate('device, write 1 MiB, depth 8', 'write'),
    rate('device, read 1 MiB, depth 8', 'read'),
    rate('libiscsi, read 1 MiB, depth 8', 'peerRead'),
    ratio('ratio of read throughput to libiscsi', 'read', 'peerRead'),
    iops('device, random write 4 KiB, depth 16', 'smallWrite'),
    iops('device, random read 4 KiB, depth 16', 'smallRead'),
    iops('libiscsi, random read 4 KiB, depth 16', 'peerSmallRead'),
    ratio('ratio of 4 KiB read IOPS to libiscsi', 'smallRead', 'peerSmallRead'),
  ]
}

/** Its last progress line holds the averages. The password travels in the URL: iscsi-perf knows no other way. */
async function iscsiPerf(connection: Connection, args: readonly string[]): Promise<Rate> {
  const { chap, portals, targetName, lun, initiatorName } = connection
  const portal = portals[0]
  if (chap === undefined || portal === undefined)
    throw new Error('the connection has no credentials or portal')
  const url = `iscsi://${chap.user}%${chap.secret}@${portal.address}:${portal.port}/${targetName}/${lun}`
  const command = { file: 'iscsi-perf', args: ['-i', initiatorName, '-t', String(SECONDS), ...args, url] }
  const { stdout } = await run(command, { timeoutMs: (SECONDS + 60) * 1000 })
  const last = [...stdout.matchAll(/iops average (\d+) \((\d+) MB\/s\)/g)].at(-1)
  if (last === undefined) throw new Error(`iscsi-perf measured nothing: ${stdout.slice(-300)}`)
  const iops = Number(last[1])
  const blocks = Number(args[args.indexOf('-b') + 1])
  return { iops, bytesPerSecond: iops * blocks * 512 }
}

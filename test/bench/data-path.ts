import type { NodeGetInfoResponse } from '../../src/csi/messages.ts'
import { createElementEndpoint } from '../../src/endpoints/element/element-endpoint.ts'
import { run } from '../../src/host/exec.ts'
import type { Connection, DiskId, InitiatorId } from '../../src/volumegroups/index.ts'
import { attachVolume, createVolume, type Driver, deleteVolume, detachVolume } from '../support/volumes.ts'

const SECONDS = 8
const MIB = 1024 ** 2

/**
 * The device of an attached block volume under fio, beside libiscsi's iscsi-perf on the same LUN of the same target,
 * one after the other. iscsi-perf can only read, so the ratios are those of reads.
 */
export async function measureDataPath(
  driver: Driver,
  elementSocket: string,
): Promise<Record<string, number>> {
  const volume = await createVolume(driver, { name: 'bench-data', sizeBytes: 1024 * MIB, access: 'block' })
  const device = await attachVolume(driver, volume)
  const { nodeId } = await driver.node.call<NodeGetInfoResponse>('NodeGetInfo')
  await using element = createElementEndpoint({ socketPath: elementSocket })
  const connection = await element.connection(volume.volumeId as DiskId, nodeId as InitiatorId)
  await fio(device, { rw: 'write', bs: '1m', iodepth: 8 }) // fills the disk, so that reads come from data
  const write = await fio(device, { rw: 'write', bs: '1m', iodepth: 8 })
  const read = await fio(device, { rw: 'read', bs: '1m', iodepth: 8 })
  const peerRead = await iscsiPerf(connection, ['-b', String(MIB / 512), '-m', '8'])
  const smallWrite = await fio(device, { rw: 'randwrite', bs: '4k', iodepth: 16 })
  const smallRead = await fio(device, { rw: 'randread', bs: '4k', iodepth: 16 })
  const peerSmallRead = await iscsiPerf(connection, ['-b', '8', '-m', '16', '-r'])
  await detachVolume(driver, volume)
  await deleteVolume(driver, volume)
  return {
    'device: write 1 MiB, depth 8 (MiB/s)': write.bytesPerSecond / MIB,
    'device: read 1 MiB, depth 8 (MiB/s)': read.bytesPerSecond / MIB,
    'libiscsi: read 1 MiB, depth 8 (MiB/s)': peerRead.bytesPerSecond / MIB,
    'ratio of read throughput to libiscsi': read.bytesPerSecond / peerRead.bytesPerSecond,
    'device: random write 4 KiB, depth 16 (IOPS)': smallWrite.iops,
    'device: random read 4 KiB, depth 16 (IOPS)': smallRead.iops,
    'libiscsi: random read 4 KiB, depth 16 (IOPS)': peerSmallRead.iops,
    'ratio of 4 KiB read IOPS to libiscsi': smallRead.iops / peerSmallRead.iops,
  }
}

interface Rate {
  readonly iops: number
  readonly bytesPerSecond: number
}

async function fio(device: string, job: { rw: string; bs: string; iodepth: number }): Promise<Rate> {
  const options = { ...job, filename: device, ioengine: 'libaio', direct: 1, runtime: SECONDS, time_based: 1 }
  const args = Object.entries(options).map(([key, value]) => `--${key}=${value}`)
  const command = { file: 'fio', args: ['--name=bench', '--output-format=json', ...args] }
  const { stdout } = await run(command, { timeoutMs: (SECONDS + 60) * 1000 })
  const result = JSON.parse(stdout) as { jobs: { read: Side; write: Side }[] }
  const side = job.rw.includes('read') ? result.jobs[0]?.read : result.jobs[0]?.write
  if (side === undefined || side.iops === 0) throw new Error('fio measured nothing')
  return { iops: side.iops, bytesPerSecond: side.bw_bytes }
}

interface Side {
  readonly iops: number
  readonly bw_bytes: number
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

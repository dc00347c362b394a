import { run } from '../../src/host/exec.ts'

/** What a device does under a load. */
export interface Rate {
  readonly iops: number
  readonly bytesPerSecond: number
}

interface Side {
  readonly iops: number
  readonly bw_bytes: number
  readonly clat_ns: { readonly max: number }
}

type Options = Readonly<Record<string, string | number>>

/** Loads one device. Throws on the first I/O error. */
export async function rateOf(device: string, seconds: number, load: Options): Promise<Rate> {
  const [job] = await fio([device], seconds, load)
  if (job === undefined || job.iops === 0) throw new Error('fio measured nothing')
  return { iops: job.iops, bytesPerSecond: job.bw_bytes }
}

/** Writes 4 KiB at a time to all the devices, one write at a time to each; gives how long the longest took. */
export async function longestMs(devices: readonly string[], seconds: number): Promise<number> {
  const jobs = await fio(devices, seconds, { rw: 'randwrite', bs: '4k', iodepth: 1 })
  return Math.max(...jobs.map(({ clat_ns }) => clat_ns.max)) / 1e6
}

/** Loads all the devices at once; gives the side that the load asks for, of each. */
async function fio(devices: readonly string[], seconds: number, load: Options): Promise<Side[]> {
  const common = { ...load, ioengine: 'libaio', direct: 1, runtime: seconds, time_based: 1, thread: 1 }
  const jobs = devices.flatMap((device, index) => [
    `--name=bench-${index}`,
    ...Object.entries({ ...common, filename: device }).map(([key, value]) => `--${key}=${value}`),
  ])
  const command = { file: 'fio', args: ['--output-format=json', ...jobs] }
  const { stdout } = await run(command, { timeoutMs: (seconds + 60) * 1000 })
  const report = JSON.parse(stdout.replace(/^[^{]*/, '')) as { jobs: Record<'read' | 'write', Side>[] }
  return report.jobs.map((job) => (String(load.rw).includes('read') ? job.read : job.write))
}

import { run } from '../../src/host/exec.ts'

export interface VerifyJob {
  /** A device, or a file that fio makes. */
  readonly file: string
  readonly sizeMib: number
  /** Only reads what an earlier job of the same size wrote. */
  readonly readBack?: boolean
}

const TIMEOUT_MS = 300_000

/**
 * Writes the file at random, 4 KiB to 1 MiB at a time, 16 under way, and checks the CRC-32C of every block on the way
 * and afterwards. Throws on the first wrong byte or I/O error.
 */
export async function verifyWithFio({ file, sizeMib, readBack = false }: VerifyJob): Promise<void> {
  await fio({
    ...COMMON,
    filename: file,
    size: `${sizeMib}m`,
    verify_backlog: readBack ? 0 : 64,
    ...(readBack && { verify_only: 1 }),
  })
}

export interface SteadyJob extends Omit<VerifyJob, 'readBack'> {
  readonly seconds: number
  readonly iodepth?: number
}

/** What fio saw, with no error and no wrong byte. */
export interface FioFigures {
  readonly writtenMib: number
  readonly readMib: number
  /** The longest that one I/O took. */
  readonly longestMs: number
}

/** Goes on writing and checking for a time. An I/O that waits is waited for. */
export async function verifySteadily(job: SteadyJob): Promise<FioFigures> {
  const { file: filename, sizeMib, seconds, iodepth = COMMON.iodepth } = job
  const time = { time_based: 1, runtime: seconds }
  const options = { ...COMMON, filename, size: `${sizeMib}m`, iodepth, verify_backlog: 64, ...time }
  const report = JSON.parse((await fio(options)).replace(/^[^{]*/, '')) as FioReport
  const { read, write } = report.jobs[0] as FioReport['jobs'][number]
  return {
    writtenMib: write.io_bytes / MIB,
    readMib: read.io_bytes / MIB,
    longestMs: Math.max(read.clat_ns.max, write.clat_ns.max) / 1e6,
  }
}

const MIB = 1024 ** 2

interface FioReport {
  readonly jobs: readonly Record<
    'read' | 'write',
    { readonly io_bytes: number; readonly clat_ns: { readonly max: number } }
  >[]
}

const COMMON = {
  rw: 'randwrite',
  bsrange: '4k-1m',
  blockalign: '4k',
  iodepth: 16,
  ioengine: 'libaio',
  direct: 1,
  randseed: 7,
  verify: 'crc32c',
  verify_fatal: 1,
  verify_state_save: 0,
  end_fsync: 1,
}

async function fio(options: Readonly<Record<string, string | number>>): Promise<string> {
  const args = Object.entries(options).map(([name, value]) => `--${name}=${value}`)
  const command = { file: 'fio', args: ['--name=verify', '--output-format=json', ...args] }
  return (await run(command, { timeoutMs: TIMEOUT_MS })).stdout
}

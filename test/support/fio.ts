import { run } from '../../src/host/exec.ts'

export interface VerifyJob {
  /** A device, or a file that fio makes. */
  readonly file: string
  readonly sizeMib: number
  /** Only reads what an earlier job of the same size and seed wrote. */
  readonly readBack?: boolean
  /** Another seed is other content: what an earlier job wrote counts as wrong then. */
  readonly seed?: number
  readonly iodepth?: number
}

/** What fio saw, with no error and no wrong byte. */
export interface FioFigures {
  readonly writtenMib: number
  readonly readMib: number
  /** The longest that one I/O took. */
  readonly longestMs: number
}

const TIMEOUT_MS = 300_000

/**
 * Writes the file at random, 4 KiB to 1 MiB at a time, 16 under way, and checks the CRC-32C of every block on the way
 * and afterwards. Throws on the first wrong byte or I/O error.
 */
export async function verifyWithFio(job: VerifyJob): Promise<FioFigures> {
  const { file, sizeMib, readBack = false, seed = 7, iodepth = 16 } = job
  const options = {
    filename: file,
    size: `${sizeMib}m`,
    rw: 'randwrite',
    bsrange: '4k-1m',
    blockalign: '4k',
    iodepth,
    ioengine: 'libaio',
    direct: 1,
    randseed: seed,
    verify: 'crc32c',
    verify_fatal: 1,
    verify_backlog: readBack ? 0 : 64,
    verify_state_save: 0,
    ...(readBack && { verify_only: 1 }),
    end_fsync: 1,
  }
  const args = Object.entries(options).map(([name, value]) => `--${name}=${value}`)
  const command = { file: 'fio', args: ['--name=verify', '--output-format=json', ...args] }
  return figuresOf((await run(command, { timeoutMs: TIMEOUT_MS })).stdout)
}

/** Warnings may stand before the report. */
function figuresOf(output: string): FioFigures {
  const report = JSON.parse(output.slice(output.indexOf('{'))) as FioReport
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

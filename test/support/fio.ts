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
  const options = {
    filename: file,
    size: `${sizeMib}m`,
    rw: 'randwrite',
    bsrange: '4k-1m',
    blockalign: '4k',
    iodepth: 16,
    ioengine: 'libaio',
    direct: 1,
    randseed: 7,
    verify: 'crc32c',
    verify_fatal: 1,
    verify_backlog: readBack ? 0 : 64,
    verify_state_save: 0,
    ...(readBack && { verify_only: 1 }),
    end_fsync: 1,
  }
  const args = Object.entries(options).map(([name, value]) => `--${name}=${value}`)
  await run({ file: 'fio', args: ['--name=verify', '--minimal', ...args] }, { timeoutMs: TIMEOUT_MS })
}

import type { Guest } from './guest.ts'

const OPTIONS = {
  rw: 'randwrite',
  bsrange: '4k-64k',
  blockalign: '4k',
  size: '24m',
  ioengine: 'libaio',
  iodepth: 4,
  direct: 1,
  rate_iops: 50, // the guest has one slow processor, and other work
  verify: 'crc32c',
  verify_fatal: 1,
  verify_backlog: 32,
  verify_state_save: 0,
  time_based: 1,
  runtime: '10h',
}
const LIMIT_MS = 3 * 3_600_000
/** Of a fio that was told to stop. */
const STOPPED = 128

export interface WriterFigures {
  /** The longest that one I/O took, as the guest's clock has it. */
  readonly longestMs: number
  readonly writes: number
}

/** fio in a guest: writes to a device until it is stopped, and checks every block soon after it was written. */
export class GuestWriter {
  /** Rejects with the first wrong byte or error, whenever that was. */
  readonly result: Promise<WriterFigures>
  readonly #guest: Guest

  constructor(guest: Guest, device: string) {
    this.#guest = guest
    const options = Object.entries(OPTIONS).map(([name, value]) => `--${name}=${value}`)
    const argv = ['fio', '--name=verify', `--filename=${device}`, '--output-format=json', ...options]
    const output = guest.output(argv, { timeoutMs: LIMIT_MS, okCodes: [0, STOPPED] })
    this.result = output.then(figuresOf)
    this.result.catch(() => {}) // told to whoever asks for it
  }

  async stop(): Promise<void> {
    await this.#guest.run('pkill -INT -x fio || true')
    await this.result.catch(() => {})
  }
}

interface Report {
  readonly jobs: readonly {
    readonly error: number
    readonly write: Direction
    readonly read: Direction
  }[]
}

interface Direction {
  readonly total_ios: number
  readonly clat_ns: { readonly max: number }
}

/** Warnings may stand before the report. */
function figuresOf(output: string): WriterFigures {
  const [job] = (JSON.parse(output.slice(output.indexOf('\n{'))) as Report).jobs
  if (job === undefined || job.error !== 0) throw new Error(`fio failed: ${output}`)
  const { read, write } = job
  return { longestMs: Math.max(read.clat_ns.max, write.clat_ns.max) / 1e6, writes: write.total_ios }
}

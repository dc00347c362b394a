/**
 * The initiator beside libiscsi's iscsi-perf on the same tgtd LUN in the same run: 4k random reads at queue depth 16, and
 * 1 MiB sequential reads and (initiator only) writes at depth 8. Run: bash scripts/node.sh test/bench/iscsi-throughput.ts
 */
import { run } from '../../src/host/exec.ts'
import { isidOf, ReconnectingDisk } from '../../src/iscsi/index.ts'
import { Tgtd } from '../support/tgtd.ts'

const SECONDS = Number(process.argv[2] ?? 5)
const LUN_BYTES = 512 * 1024 ** 2
const TARGET = 'iqn.2026-01.storage.mooring.bench:disk'
const IDENTITY = { serial: 'bench', naa: '60014055a1b2c3d4e5f60718293a4b5c' }
const FAST = {
  MaxRecvDataSegmentLength: '262144',
  MaxXmitDataSegmentLength: '262144',
  InitialR2T: 'No',
  FirstBurstLength: '262144',
  MaxBurstLength: '1048576',
}

interface Load {
  readonly bytes: number
  readonly depth: number
  readonly random: boolean
}

type Transfer = (offset: number, buffer: Buffer) => Promise<void>

const SMALL: Load = { bytes: 4096, depth: 16, random: true }
const LARGE: Load = { bytes: 1024 ** 2, depth: 8, random: false }

async function measure(load: Load, transfer: Transfer): Promise<number> {
  const blocks = LUN_BYTES / load.bytes
  const end = performance.now() + SECONDS * 1000
  let next = 0
  let done = 0
  const worker = async () => {
    const buffer = Buffer.alloc(load.bytes, 0x5a)
    while (performance.now() < end) {
      const block = load.random ? Math.floor(Math.random() * blocks) : next++ % blocks
      await transfer(block * load.bytes, buffer)
      done += 1
    }
  }
  await Promise.all(Array.from({ length: load.depth }, worker))
  return done / SECONDS
}

/** iscsi-perf prints a running line that ends in its average; it reads only. */
async function measurePerf(load: Load, url: string): Promise<number> {
  const args = ['-i', 'iqn.2026-01.bench:perf', '-m', String(load.depth), '-b', String(load.bytes / 512)]
  const command = {
    file: 'iscsi-perf',
    args: [...args, '-t', String(SECONDS), ...(load.random ? ['-r'] : []), url],
  }
  const { stdout } = await run(command, { timeoutMs: SECONDS * 1000 + 20_000 })
  const averages = [...stdout.matchAll(/iops average (\d+)/g)]
  const last = averages.at(-1)?.[1]
  if (last === undefined) throw new Error(`iscsi-perf printed no average: ${stdout.slice(0, 400)}`)
  return Number(last)
}

function report(name: string, load: Load, own: number, other?: number): void {
  const rate = (perSecond: number) =>
    load === SMALL ? `${Math.round(perSecond)} IOPS` : `${Math.round((perSecond * load.bytes) / 1e6)} MB/s`
  const beside = other === undefined ? '' : `  iscsi-perf ${rate(other)}  ratio ${(own / other).toFixed(2)}`
  console.log(`${name.padEnd(28)} ${rate(own)}${beside}`)
}

await using tgtd = await Tgtd.start()
const tid = await tgtd.addTarget(TARGET, FAST)
await tgtd.addLun(tid, { lun: 1, path: await tgtd.file('disk', LUN_BYTES), ...IDENTITY })
const options = {
  portals: [{ address: '127.0.0.1', port: tgtd.port, groupTag: 1 }],
  targetName: TARGET,
  initiatorName: 'iqn.2026-01.bench:mooring',
  isid: isidOf('bench'),
  lun: 1,
  expected: IDENTITY,
}
const url = `iscsi://127.0.0.1:${tgtd.port}/${TARGET}/1`

for (const digests of [false, true]) {
  for (const key of ['HeaderDigest', 'DataDigest']) {
    const at = ['--mode', 'target', '--tid', String(tid)]
    await tgtd.admin('--op', 'update', ...at, '-n', key, '-v', digests ? 'CRC32C' : 'None')
  }
  const disk = await ReconnectingDisk.open({ ...options, digests: { header: digests, data: digests } })
  const suffix = digests ? ' (CRC32C)' : ''
  const perf = async (load: Load) => (digests ? undefined : await measurePerf(load, url))
  const read: Transfer = (offset, buffer) => disk.read(offset, buffer)
  const write: Transfer = (offset, buffer) => disk.write(offset, buffer)
  report(`1M seq write QD8${suffix}`, LARGE, await measure(LARGE, write))
  report(`1M seq read QD8${suffix}`, LARGE, await measure(LARGE, read), await perf(LARGE))
  report(`4k rand read QD16${suffix}`, SMALL, await measure(SMALL, read), await perf(SMALL))
  report(`4k rand write QD16${suffix}`, SMALL, await measure(SMALL, write))
  await disk.close()
}

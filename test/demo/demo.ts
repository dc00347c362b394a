import { createHash, randomBytes } from 'node:crypto'
import { closeSync, fsyncSync, openSync, readdirSync, readFileSync, statfsSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { Deployment, sweepInterrupted } from '../support/deployment.ts'
import {
  attachVolume,
  createSnapshot,
  createVolume,
  type Driver,
  deleteSnapshot,
  deleteVolume,
  detachVolume,
  growVolume,
  type TestVolume,
} from '../support/volumes.ts'

/**
 * The main job, on real parts, in one go: an element with its btrfs pool and tgtd, a controller and a node; two
 * volumes of one volume group, attached over iSCSI; a snapshot, a restore, a clone and online growth; and every byte
 * compared by hash. Leaves nothing behind, also when it is interrupted.
 */

const NAME = 'mooring-demo'
const MIB = 1024 ** 2
/** xfs, because ext4 can not grow online in a sandbox without CAP_SYS_RESOURCE. xfs needs 300 MiB at least. */
const XFS = { fsType: 'xfs', volumeGroup: 'demo' }
const EXT4 = { fsType: 'ext4', volumeGroup: 'demo' }
const FILES = 8
const FILE_BYTES = 4 * MIB

const interrupted = new AbortController()
const steps: { readonly name: string; readonly ms: number }[] = []
let faults = 0

function say(line: string): void {
  process.stdout.write(`${line}\n`)
}

/** Runs one step, prints it with its time, and ends the demo here if it was interrupted. */
async function step<Result>(name: string, work: () => Promise<Result> | Result): Promise<Result> {
  interrupted.signal.throwIfAborted()
  const begun = performance.now()
  const result = await work()
  const ms = performance.now() - begun
  steps.push({ name, ms })
  say(`  ${ms.toFixed(0).padStart(6)} ms  ${name}`)
  return result
}

/** Says whether a volume holds exactly what it should. */
async function check(name: string, path: string, wanted: string): Promise<void> {
  await step(name, () => {
    const isSame = digestOf(path) === wanted
    if (!isSame) faults += 1
    say(`             ${isSame ? 'every byte is the same' : 'THE CONTENT DIFFERS'}`)
  })
}

/** Writes files of random bytes, each made durable, and gives the digest of them all. */
function writeFiles(path: string, count: number = FILES): string {
  for (let index = 0; index < count; index += 1) {
    const file = openSync(join(path, `file-${index}`), 'w')
    writeSync(file, randomBytes(FILE_BYTES))
    fsyncSync(file)
    closeSync(file)
  }
  const folder = openSync(path, 'r')
  fsyncSync(folder)
  closeSync(folder)
  return digestOf(path)
}

function digestOf(path: string): string {
  const hash = createHash('sha256')
  for (const name of readdirSync(path)
    .filter((entry) => entry.startsWith('file-'))
    .sort()) {
    hash.update(name).update(readFileSync(join(path, name)))
  }
  return hash.digest('hex')
}

async function volumes(driver: Driver): Promise<void> {
  const data = await step('CreateVolume data (xfs, group demo)', () =>
    createVolume(driver, { name: 'data', sizeBytes: 320 * MIB, parameters: XFS }),
  )
  const log = await step('CreateVolume log (ext4, the same group)', () =>
    createVolume(driver, { name: 'log', sizeBytes: 128 * MIB, parameters: EXT4 }),
  )
  const dataPath = await step('attach data over iSCSI, format, mount', () => attachVolume(driver, data))
  const logPath = await step('attach log over iSCSI, format, mount', () => attachVolume(driver, log))
  const before = await step(`write ${FILES} files of ${FILE_BYTES / MIB} MiB to data`, () =>
    writeFiles(dataPath),
  )
  const logged = await step('write 4 files to log', () => writeFiles(logPath, 4))

  const snapshotId = await step('CreateSnapshot of data', () => createSnapshot(driver, 'before', data))
  const after = await step('change every file of data', () => writeFiles(dataPath))
  const restored = await step('CreateVolume restored from the snapshot', () =>
    createVolume(driver, { name: 'restored', sizeBytes: 320 * MIB, parameters: XFS, snapshotId }),
  )
  const clone = await step('CreateVolume clone from data, while it is mounted', () =>
    createVolume(driver, { name: 'clone', sizeBytes: 320 * MIB, parameters: XFS, volumeId: data.volumeId }),
  )
  const restoredPath = await step('attach and mount restored', () => attachVolume(driver, restored))
  const clonePath = await step('attach and mount clone', () => attachVolume(driver, clone))
  await check('compare restored with what data held before', restoredPath, before)
  await check('compare clone with what data holds now', clonePath, after)

  await grow(driver, data, dataPath)
  await check('compare data after it grew', dataPath, after)
  const moved = await step('detach log and attach it again', async () => {
    await detachVolume(driver, log)
    return await attachVolume(driver, log)
  })
  await check('compare log after it came back', moved, logged)

  await step('detach all volumes', async () => {
    for (const volume of [data, log, restored, clone]) await detachVolume(driver, volume)
  })
  await step('delete the snapshot and all volumes', async () => {
    await deleteSnapshot(driver, snapshotId)
    for (const volume of [data, log, restored, clone]) await deleteVolume(driver, volume)
  })
}

async function grow(driver: Driver, volume: TestVolume, path: string): Promise<void> {
  const size = (): number => Math.round((statfsSync(path).blocks * statfsSync(path).bsize) / MIB)
  const before = size()
  await step('grow data from 320 to 640 MiB, mounted', () => growVolume(driver, volume, 640 * MIB))
  say(`             the file system grew from ${before} to ${size()} MiB`)
  if (size() < before + 256) faults += 1
}

async function main(): Promise<void> {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () =>
      interrupted.abort(new Error(`interrupted by ${signal}; everything was taken down`)),
    )
  }
  say('Mooring demo: from a CSI call to bytes on a volume group over iSCSI\n')
  await sweepInterrupted(NAME)
  const deployment = await step('start element (SQLite, btrfs pool, tgtd), controller and node', () =>
    Deployment.start({ name: NAME }),
  )
  const driver = {
    controller: deployment.csi('controller'),
    node: deployment.csi('node'),
    folder: join(deployment.folder, 'kubelet'),
  }
  try {
    await volumes(driver)
  } catch (error) {
    if (!interrupted.signal.aborted) say(`\n${deployment.logs().slice(-6000)}`)
    await deployment.abandon()
    throw error
  }
  await step('stop everything; nothing is left behind', () => deployment[Symbol.asyncDispose]())
}

function table(): string {
  const total = steps.reduce((sum, { ms }) => sum + ms, 0)
  const slowest = steps.toSorted((a, b) => b.ms - a.ms).slice(0, 5)
  const rows = slowest.map(({ name, ms }) => `  ${name.padEnd(64)} ${ms.toFixed(0).padStart(6)} ms`)
  return [
    `  ${`${steps.length} steps`.padEnd(64)} ${total.toFixed(0).padStart(6)} ms`,
    '  slowest:',
    ...rows,
  ].join('\n')
}

try {
  await main()
  say(`\n${table()}\n\n${faults === 0 ? 'All is well: nothing differs.' : `${faults} comparisons FAILED.`}`)
  process.exitCode = faults === 0 ? 0 : 1
} catch (error) {
  say(`\nThe demo failed: ${error instanceof Error ? error.message : String(error)}`)
  process.exitCode = 1
}

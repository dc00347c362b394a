import { StorageError } from '../../volumegroups/index.ts'
import { deviceSizeBytes, readRange, withDevice } from '../block-devices.ts'
import { CommandError, run } from '../exec.ts'
import { type FsType, isFsType } from './filesystem.ts'
import { FILESYSTEMS } from './kinds.ts'

/** What is on a block device. Only `blank` may be formatted. */
export type Content =
  | { readonly kind: 'blank' }
  | {
      readonly kind: 'filesystem'
      readonly fsType: FsType
      readonly uuid: string
      /** The device is larger than the file system, by enough to be of use. */
      readonly growable: boolean
      /** A journal or log waits to be replayed. */
      readonly logDirty: boolean
    }
  /** A LUKS header; what is inside only its key tells. */
  | { readonly kind: 'encrypted'; readonly uuid: string; readonly label: string }
  /** Something known that is not ours to use, such as a partition table. */
  | { readonly kind: 'foreign'; readonly what: string }
  /** Bytes that no program knows, or a file system whose making did not end. */
  | { readonly kind: 'unrecognised'; readonly what: string }

const PROBE_TIMEOUT_MS = 30_000
const MIB = 1024 * 1024
/** Beyond what any known format needs to be recognised. */
const HEAD_BYTES = 2 * MIB
const TAIL_BYTES = MIB

const BLKID = { found: 0, nothing: 2, several: 8 } as const

/** Says what the device holds. Any doubt is an error or a refusal, never `blank`. */
export async function probe(device: string): Promise<Content> {
  const { exitCode, stdout } = await run(
    { file: 'blkid', args: ['-p', '-o', 'export', '--', device] },
    { timeoutMs: PROBE_TIMEOUT_MS, okCodes: Object.values(BLKID) },
  )
  if (exitCode === BLKID.several) return { kind: 'foreign', what: 'signatures of several formats at once' }
  if (exitCode === BLKID.nothing) return probeUnsigned(device)
  const tags = parseTags(stdout)
  const fsType = tags.get('TYPE')
  if (fsType !== undefined && isFsType(fsType)) return probeFilesystem(device, fsType, tags.get('UUID') ?? '')
  if (fsType === 'crypto_LUKS') {
    return { kind: 'encrypted', uuid: tags.get('UUID') ?? '', label: tags.get('LABEL') ?? '' }
  }
  if (fsType !== undefined) return { kind: 'foreign', what: fsType }
  const table = tags.get('PTTYPE')
  if (table !== undefined) return { kind: 'foreign', what: `a ${table} partition table` }
  throw new StorageError('COMMAND_FAILED', 'blkid found something on the disk and did not say what', {
    cause: new CommandError({ file: 'blkid', args: [device] }, 'gave no type', {
      exitCode,
      stdout,
      stderr: stdout,
    }),
  })
}

function parseTags(output: string): ReadonlyMap<string, string> {
  const lines = output.split('\n').filter((line) => line.includes('='))
  return new Map(lines.map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]))
}

async function probeUnsigned(device: string): Promise<Content> {
  const sizeBytes = await deviceSizeBytes(device)
  const headBytes = Math.min(Number(sizeBytes), HEAD_BYTES)
  const tailBytes = Math.min(Number(sizeBytes), TAIL_BYTES)
  if (sizeBytes === 0n) {
    throw new StorageError('COMMAND_FAILED', 'the block device of the disk says that it has no size')
  }
  const ranges = [
    { offset: 0n, length: headBytes, where: `the first ${headBytes} bytes` },
    { offset: sizeBytes - BigInt(tailBytes), length: tailBytes, where: `the last ${tailBytes} bytes` },
  ]
  return withDevice(device, async (handle) => {
    const reads = ranges.map(async ({ offset, length, where }) =>
      isZero(await readRange(handle, offset, length)) ? undefined : where,
    )
    const dirty = (await Promise.all(reads)).find((where) => where !== undefined)
    if (dirty === undefined) return { kind: 'blank' }
    return { kind: 'unrecognised', what: `data that nothing recognises in ${dirty}` }
  })
}

const isZero = (bytes: Buffer): boolean => bytes.equals(Buffer.alloc(bytes.length))

async function probeFilesystem(device: string, fsType: FsType, uuid: string): Promise<Content> {
  const { superblock, parse } = FILESYSTEMS[fsType]
  const bytes = await withDevice(device, (handle) => readRange(handle, superblock.offset, superblock.length))
  const found = parse(bytes)
  if (found.unfinished) return { kind: 'unrecognised', what: `an ${fsType} whose making did not end` }
  const spareBytes = (await deviceSizeBytes(device)) - found.sizeBytes
  return {
    kind: 'filesystem',
    fsType,
    uuid,
    growable: spareBytes >= found.growthStepBytes,
    logDirty: found.logDirty,
  }
}

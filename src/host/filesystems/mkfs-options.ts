import { StorageError } from '../../volumegroups/index.ts'
import type { FsType } from './filesystem.ts'

const MAX_BYTES = 1024
/** No slash, so no path and no device; no quotes, because there is no shell. */
const VALUE = /^\^?[A-Za-z0-9][A-Za-z0-9_.,:=^+-]*$/

interface Allowed {
  /** Options that take one value. */
  readonly letters: string
  /** Sub-options that name other devices or files, or leave the rest of the disk out. */
  readonly refused: readonly string[]
}

const ALLOWED: Readonly<Record<FsType, Allowed>> = {
  ext4: { letters: 'bCEgGiIJLmNOT', refused: ['device', 'offset'] },
  xfs: { letters: 'bdilLmns', refused: ['file', 'name', 'logdev', 'rtdev', 'uuid'] },
  btrfs: { letters: 'dLmnORs', refused: [] },
}

/**
 * The `mkfsOptions` of a StorageClass as arguments, each `-x value` or `-xvalue`. Throws INVALID_ARGUMENT for an
 * option that mkfs of this type does not have, or that could reach anything but the disk itself.
 */
export function parseMkfsOptions(fsType: FsType, text: string): readonly string[] {
  if (Buffer.byteLength(text) > MAX_BYTES) throw invalid(`mkfsOptions is longer than ${MAX_BYTES} bytes`)
  const words = text.split(/\s+/).filter((word) => word !== '')
  const args: string[] = []
  while (words.length > 0) {
    const word = words.shift()!
    const option = word.slice(0, 2)
    const value = word.length > 2 ? word.slice(2) : words.shift()
    checkOption(fsType, option, value)
    args.push(option, value!)
  }
  return args
}

function checkOption(fsType: FsType, option: string, value: string | undefined): void {
  const { letters, refused } = ALLOWED[fsType]
  if (!/^-[A-Za-z]$/.test(option) || !letters.includes(option[1]!)) {
    throw invalid(`mkfsOptions: ${JSON.stringify(option)} is not an option that is allowed for ${fsType}`)
  }
  if (value === undefined || !VALUE.test(value)) {
    throw invalid(`mkfsOptions: the value of ${option} is missing or has characters that are not allowed`)
  }
  const names = value.split(',').map((part) => part.split('=')[0]!)
  const bad = names.find((name) => refused.includes(name))
  if (bad !== undefined) throw invalid(`mkfsOptions: ${bad} in ${option} is not allowed for ${fsType}`)
}

const invalid = (message: string): StorageError => new StorageError('INVALID_ARGUMENT', message)

import type { Violations } from '../volumegroups/index.ts'
import type { FileSystem } from './file-systems.ts'

const MAX_BYTES = 1024
/** No slash, so no path and no device; no quotes, because there is no shell. */
const VALUE = /^\^?[A-Za-z0-9][A-Za-z0-9_.,:=^+-]*$/

interface Allowed {
  /** Options that take one value. */
  readonly letters: string
  /** Sub-options that name other devices or files, or leave the rest of the disk out. */
  readonly refused: readonly string[]
}

const ALLOWED: Readonly<Record<FileSystem, Allowed>> = {
  ext4: { letters: 'bCEgGiIJLmNOT', refused: ['device', 'offset'] },
  xfs: { letters: 'bdilLmns', refused: ['file', 'name', 'logdev', 'rtdev', 'uuid'] },
  btrfs: { letters: 'dLmnORs', refused: [] },
}

export interface MkfsOptions {
  readonly fileSystem: FileSystem
  readonly text: string
  /** Where the text comes from, for the faults. */
  readonly field: string
}

/**
 * The `mkfsOptions` of a StorageClass as arguments, each `-x value` or `-xvalue`. A fault is an option that mkfs of
 * this file system does not have, or that could reach anything but the disk itself.
 */
export function parseMkfsOptions(options: MkfsOptions, faults: Violations): readonly string[] {
  const { fileSystem, text, field } = options
  const fault = (message: string): void => faults.add(field, 'INVALID_ARGUMENT', `${field} ${message}`)
  if (Buffer.byteLength(text) > MAX_BYTES) fault(`is longer than ${MAX_BYTES} bytes`)
  return optionsIn(text.slice(0, MAX_BYTES)).flatMap(([option, value]) => {
    const wrong = wrongIn(fileSystem, option, value)
    if (wrong !== undefined) fault(wrong)
    return [option, value]
  })
}

/** An option is followed by its value, in the same word or in the next one. */
function optionsIn(text: string): readonly (readonly [option: string, value: string])[] {
  const words = text.split(/\s+/).filter((word) => word !== '')
  const options: [string, string][] = []
  for (let word = words.shift(); word !== undefined; word = words.shift()) {
    const isAlone = word.length === 2 && words[0]?.startsWith('-') === false
    options.push([word.slice(0, 2), isAlone ? words.shift()! : word.slice(2)])
  }
  return options
}

function wrongIn(fileSystem: FileSystem, option: string, value: string): string | undefined {
  const { letters, refused } = ALLOWED[fileSystem]
  if (!/^-[A-Za-z]$/.test(option) || !letters.includes(option[1]!)) {
    return `has ${JSON.stringify(option)}, which is not an option that is allowed for ${fileSystem}`
  }
  if (!VALUE.test(value)) return `has no value for ${option}, or one with characters that are not allowed`
  const names = value.split(',').map((part) => part.split('=')[0]!)
  const bad = names.find((name) => refused.includes(name))
  return bad === undefined ? undefined : `has ${bad} in ${option}, which is not allowed for ${fileSystem}`
}

import { mkdir, open, readdir, rename, rm, rmdir, stat } from 'node:fs/promises'
import { isIP } from 'node:net'
import { dirname, join } from 'node:path'
import { type Portal, StorageError } from '../../volumegroups/index.ts'
import { type RecordKey, type RecordSpec, recordPath, recordText } from './node-record.ts'

/** What is not of this form never becomes part of a path or a record. */
const TARGET_NAME = /^(iqn|eui|naa)\.[-.:a-z0-9]{1,219}$/
const CHAP_TEXT = /^[!-~]{1,255}$/

/**
 * The records of open-iscsi's database, as files: a secret in an argument of iscsiadm could be read by every process
 * of the host. Only records with our own mark are ever looked at.
 */
export class RecordFiles {
  readonly #folder: string
  readonly #mark: string

  /** @param folder the database, such as `/etc/iscsi`. */
  constructor(folder: string, mark: string) {
    this.#folder = folder
    this.#mark = mark
  }

  /** Replaces the record as a whole. Only root can read it. */
  async write(spec: RecordSpec): Promise<void> {
    checkSpec(spec)
    const file = join(this.#folder, recordPath(spec))
    const temporary = join(this.#folder, `.${this.#mark}.new`)
    try {
      await mkdir(dirname(file), { recursive: true, mode: 0o700 })
      const handle = await open(temporary, 'w', 0o600)
      try {
        await handle.writeFile(recordText(spec))
      } finally {
        await handle.close()
      }
      await rename(temporary, file)
    } catch (cause) {
      throw new StorageError('INITIATOR_UNAVAILABLE', "the node's open-iscsi can not keep a record", {
        fix: 'Make the folder of its records writable for the node plugin, and look for space on its file system.',
        cause,
      })
    }
  }

  /** OK when it is gone. Folders go when nothing else is in them. */
  async remove(key: RecordKey): Promise<void> {
    const file = join(this.#folder, recordPath(key))
    await rm(file, { force: true })
    await rmdir(dirname(file)).catch(() => {})
    await rmdir(dirname(dirname(file))).catch(() => {})
  }

  /** Every record that is ours. */
  async list(): Promise<readonly RecordKey[]> {
    const targets = (await namesIn(join(this.#folder, 'nodes'))).filter((name) => TARGET_NAME.test(name))
    const found = await Promise.all(
      targets.map(async (targetName) => {
        const portals = (await namesIn(join(this.#folder, 'nodes', targetName))).flatMap(parsePortal)
        return portals.map((portal) => ({ targetName, portal, mark: this.#mark }))
      }),
    )
    const keys = found.flat()
    const isThere = await Promise.all(keys.map((key) => exists(join(this.#folder, recordPath(key)))))
    return keys.filter((_, index) => isThere[index])
  }
}

function checkSpec({ targetName, portal, chap }: RecordSpec): void {
  const texts = [chap?.user, chap?.secret, chap?.mutual?.user, chap?.mutual?.secret]
  const isFit =
    TARGET_NAME.test(targetName) &&
    isIP(portal.address) !== 0 &&
    texts.every((text) => text === undefined || CHAP_TEXT.test(text))
  if (isFit) return
  throw new StorageError(
    'INVALID_ARGUMENT',
    'the target name, portal or credentials have a form that open-iscsi does not take',
  )
}

/** `<address>,<port>,<tag>`, as the folders of the database are called. */
function parsePortal(name: string): Portal[] {
  const [, address = '', port, groupTag] = /^([^,]+),(\d+),(\d+)$/.exec(name) ?? []
  return isIP(address) === 0 ? [] : [{ address, port: Number(port), groupTag: Number(groupTag) }]
}

async function namesIn(folder: string): Promise<readonly string[]> {
  return readdir(folder).catch(() => [])
}

async function exists(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined)) !== undefined
}

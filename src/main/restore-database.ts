import { resolve } from 'node:path'
import { tell } from '../cli/errors.ts'
import { readElementConfig } from '../config/config.ts'
import { restoreDatabase } from '../database/restore.ts'
import { socketStateOf } from '../lib/stale-socket.ts'
import { StorageError } from '../volumegroups/index.ts'
import { databaseOf } from './element.ts'

interface Options {
  readonly config: string
  readonly elementId?: string
}

/** Puts a backup in the place of the element's database, while the element does not run; says what it did. */
export async function runRestore(file: string, { config: configFile, elementId }: Options): Promise<void> {
  try {
    const config = readElementConfig(configFile)
    const { socket } = config.listen
    if ((await socketStateOf(socket)) === 'answering') {
      throw new StorageError('ELEMENT_RUNNING', `an element answers on ${socket}`)
    }
    const options = { databasePath: databaseOf(config), file: resolve(file), elementId }
    const restored = await restoreDatabase(options)
    const kept = restored.keptAs === undefined ? '' : `; the former database is ${restored.keptAs}`
    process.stdout.write(`restored the database of the element ${restored.elementId}${kept}\n`)
  } catch (error) {
    process.exitCode = tell(error, process.stderr, { json: false })
  }
}

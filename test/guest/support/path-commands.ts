import { once } from 'node:events'
import { chmod, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import type { Guest } from './guest.ts'

/** What csi-sanity asks about paths that are not on its own machine, each with the path as its only argument. */
const SCRIPTS = {
  create: 'mkdir -p "$0" && echo "$0"',
  remove: 'rmdir "$0" 2>/dev/null || rm -f "$0"',
  check:
    'if [ -d "$0" ]; then echo directory; elif [ -f "$0" ]; then echo file; elif [ -e "$0" ]; then echo other; else echo not_found; fi',
}

export interface PathCommands extends AsyncDisposable {
  readonly files: Readonly<Record<keyof typeof SCRIPTS, string>>
}

/** Programs of this machine that do what they say in the guest, by asking this process for it. */
export async function createPathCommands(guest: Guest, folder: string): Promise<PathCommands> {
  const socket = join(folder, 'paths.sock')
  const server = createServer({ allowHalfOpen: true }, async (client) => {
    client.on('error', () => {}) // csi-sanity has gone
    const [verb, path] = (await text(client)).split(' ') as [keyof typeof SCRIPTS, string]
    const answer = guest.output(['bash', '-c', SCRIPTS[verb], path])
    client.end(await answer.catch((error: Error) => `failed: ${error.message}`))
  }).listen(socket)
  await once(server, 'listening')
  const command = async (verb: keyof typeof SCRIPTS): Promise<string> => {
    const file = join(folder, verb)
    const program = `
      const socket = process.getBuiltinModule('node:net').connect(${JSON.stringify(socket)})
      socket.end('${verb} ' + process.argv[2])
      socket.pipe(process.stdout)`
    await writeFile(file, `#!${process.execPath}\n${program}\n`)
    await chmod(file, 0o700)
    return file
  }
  const files = {
    create: await command('create'),
    remove: await command('remove'),
    check: await command('check'),
  }
  return { files, [Symbol.asyncDispose]: async () => void server.close() }
}

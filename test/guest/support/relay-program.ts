import { connect, createServer } from 'node:net'
import { pipeline } from 'node:stream'

/** Passes connections on, from one socket to another: `relay-program.ts <from> <to>`, each a path or address:port. */

function placeOf(text: string): { path: string } | { host: string; port: number } {
  if (text.startsWith('/')) return { path: text }
  const [host, port] = text.split(':') as [string, string]
  return { host, port: Number(port) }
}

const [from, to] = process.argv.slice(2).map(placeOf)
const server = createServer((client) => {
  const behind = connect(to as { path: string })
  pipeline(client, behind, () => {}) // an end of either is an end of both
  pipeline(behind, client, () => {})
})
server.listen(from)

import { text } from 'node:stream/consumers'
import { Host } from '../../../src/initiators/open-iscsi/host-access.ts'
import { createOpenIscsiInitiator } from '../../../src/initiators/open-iscsi/open-iscsi-initiator.ts'
import { asStorageError, type Connection, type DiskId } from '../../../src/volumegroups/index.ts'
import { parseWire, wireText } from './wire.ts'

/** One call of the plug, in a process of its own: the request comes on standard input, the answer goes to the output. */

interface Request {
  readonly initiatorName: string
  readonly method: 'attach' | 'find' | 'detach' | 'refreshSize' | 'list' | 'sessions' | 'repair'
  readonly diskId: DiskId
  /** For `attach`; what `repair` is told when it asks. */
  readonly connection: Connection
}

const { method, diskId, connection, initiatorName } = parseWire(await text(process.stdin)) as Request
await using initiator = await createOpenIscsiInitiator({
  stateDir: '/var/lib/mooring/open-iscsi',
  initiatorName,
  host: new Host({ kind: 'direct' }),
})

try {
  process.stdout.write(wireText({ result: await call() }))
} catch (error) {
  const { reason, message, cause } = asStorageError(error)
  process.stdout.write(wireText({ error: { reason, message, cause: String(cause) } }))
}

async function call(): Promise<unknown> {
  switch (method) {
    case 'attach':
      return await initiator.attach(connection)
    case 'repair':
      return (await initiator.repair(async () => connection)).map(({ diskId: id, error }) => ({
        diskId: id,
        reason: error.reason,
        message: error.message,
      }))
    case 'list':
    case 'sessions':
      return await initiator[method]()
    default:
      return await initiator[method](diskId)
  }
}

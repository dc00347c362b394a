import { readFile, writeFile } from 'node:fs/promises'
import { flushCompileCache } from 'node:module'
import { hostname } from 'node:os'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { pino } from 'pino'
import { readNodeConfig } from '../config/config.ts'
import { Keeper, keeperSocket } from '../initiators/userspace/keeper/keeper.ts'
import { type KeeperServer, serveKeeper } from '../initiators/userspace/keeper/keeper-server.ts'
import { LeaseRenewer } from '../initiators/userspace/keeper/lease-renewer.ts'
import { type InitiatorId, StorageError } from '../volumegroups/index.ts'
import { openEndpoints } from './endpoint.ts'

/** The keeper: holds the mounts of the userspace initiator and starts its workers. Ends only when told to. */

const { values } = parseArgs({
  options: {
    'state-dir': { type: 'string', default: '/var/lib/mooring/node/userspace' },
    'slots-per-worker': { type: 'string', default: '16' },
    'max-disks': { type: 'string', default: '128' },
    config: { type: 'string' },
    worker: { type: 'string', default: fileURLToPath(new URL('./worker.ts', import.meta.url)) },
  },
})

process.umask(0o077)
// The last process that memory should be taken from: its disks' dirty pages could never be written.
await writeFile('/proc/self/oom_score_adj', '-1000').catch(() => {})

const log = pino({ name: 'keeper' })
const stateDir = values['state-dir']
const keeper = new Keeper({
  stateDir,
  worker: { file: process.execPath, args: ['--max-old-space-size=128', values.worker, stateDir] },
  slotsPerWorker: Number(values['slots-per-worker']),
  maxDisks: Number(values['max-disks']),
  log,
})

for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
  process.on(signal, () => void stopIfIdle(signal))
}

await using stack = new AsyncDisposableStack()
flushCompileCache() // for the next keeper: this one may be killed
let renewer: LeaseRenewer | undefined
const server = await claim()
if (server !== undefined) await keep(server)

async function keep({ stopped, [Symbol.asyncDispose]: close }: KeeperServer): Promise<void> {
  if (values.config !== undefined) renewer = await startRenewer(values.config)
  await keeper.start()
  log.info({ stateDir, pid: process.pid }, 'keeper ready')
  await stopped
  await close()
  log.info('keeper stopped')
}

/** Undefined when another keeper was faster: there is one for each state folder. */
async function claim(): Promise<KeeperServer | undefined> {
  try {
    return await serveKeeper(keeper, keeperSocket(stateDir), () => renewer)
  } catch (error) {
    if (!(error instanceof StorageError && error.reason === 'LIMIT_REACHED')) throw error
    log.info('another keeper is there already')
    return undefined
  }
}

/** The lease is renewed here, since this process outlives the node's. */
async function startRenewer(configFile: string): Promise<LeaseRenewer> {
  const config = readNodeConfig(configFile)
  const { nodeId, lease } = config
  const bootId = (await readFile('/proc/sys/kernel/random/boot_id', 'utf8')).trim()
  const groups = stack.use(openEndpoints(config, { connections: 1, log }))
  return stack.use(
    new LeaseRenewer({
      groups,
      renewal: { initiatorId: nodeId as InitiatorId, instance: lease.instance ?? bootId, host: hostname() },
      served: () => keeper.grants(),
      lost: (diskId) => keeper.abandon(diskId, 'the element has taken the disk from this node'),
      log,
    }),
  )
}

/** A signal must not take the disks away from under their file systems. */
async function stopIfIdle(signal: string): Promise<void> {
  try {
    await keeper.stop(false)
    await server?.[Symbol.asyncDispose]()
    await stack.disposeAsync()
  } catch (error) {
    log.warn({ err: error, signal }, 'disks are attached: the keeper stays')
  }
}

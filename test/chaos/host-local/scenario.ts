import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { inspect } from 'node:util'
import { parse, stringify } from 'yaml'
import { run } from '../../../src/host/exec.ts'
import { Deployment } from '../../support/deployment.ts'
import {
  attachVolume,
  createSnapshot,
  createVolume,
  type Driver,
  deleteSnapshot,
  deleteVolume,
  detachVolume,
  growVolume,
} from '../../support/volumes.ts'

/**
 * To be run in a network namespace of its own. An element is reached at a far address and at the host-local one; then
 * every address but the host-local one is cut, and volumes go through their lives. Prints what it saw as JSON.
 */

const FAR = '10.99.0.1'
const HOST_LOCAL = '169.254.77.1'
const PORT = 9443
const MIB = 1024 * 1024

const ip = (...args: string[]) => run({ file: 'ip', args })
const addresses = (verb: 'add' | 'del', ...which: string[]) =>
  Promise.all(which.map((address) => ip('address', verb, address, 'dev', 'lo')))

await ip('link', 'set', 'lo', 'up')
await addresses('add', `${FAR}/32`, `${HOST_LOCAL}/32`)
const report = await scenario().catch((error: unknown) => {
  const { suppressed, error: ofCleanUp } = error as SuppressedError
  process.stderr.write(`${inspect([error, suppressed, ofCleanUp], { depth: 6 })}\n`)
  throw error
})
process.stdout.write(`${JSON.stringify(report)}\n`)

async function scenario(): Promise<object> {
  await using deployment = await Deployment.start({
    name: 'host-local',
    elementOnly: true,
    transport: 'https',
  })
  await deployment.kill('element', 'SIGTERM')
  await certify(deployment.folder)
  change(deployment, 'element', ({ listen, ...rest }) => ({
    ...rest,
    listen: { ...listen, https: { ...listen.https, address: '0.0.0.0', port: PORT } },
    portal: { address: HOST_LOCAL, port: rest.portal.port },
  }))
  for (const role of ['controller', 'node'] as const) {
    change(deployment, role, ({ element, linkLocal: _, ...rest }) => ({
      ...rest,
      element: { ...element, url: `https://${FAR}:${PORT}` }, // the host-local one is found by its default
    }))
  }
  await deployment.run('element')
  await Promise.all([deployment.run('controller'), deployment.run('node')])
  const driver = deployment.driver()
  mkdirSync(driver.folder, { recursive: true })
  const before = await life(driver, 'before')
  await addresses('del', '127.0.0.1/8', `${FAR}/32`)
  const cut = await life(driver, 'cut')
  const usedLocal = deployment.logs().includes('another endpoint of the element is used')
  await addresses('add', '127.0.0.1/8', `${FAR}/32`)
  return { before, cut, usedLocal, returned: await isLogged(deployment, 'the first endpoint is used again') }
}

/** Create, attach, write, snapshot, grow, detach; how long each took. */
async function life(driver: Driver, name: string): Promise<Record<string, number>> {
  const took: Record<string, number> = {}
  const timed = async <Result>(step: string, work: () => Promise<Result>): Promise<Result> => {
    const startMs = performance.now()
    const result = await work()
    took[step] = Math.round(performance.now() - startMs)
    return result
  }
  const spec = { name, sizeBytes: 400 * MIB, parameters: { fsType: 'xfs' } } // grows mounted without CAP_SYS_RESOURCE
  const volume = await timed('create', () => createVolume(driver, spec))
  const path = await timed('attach', () => attachVolume(driver, volume))
  writeFileSync(join(path, 'file'), name, { flush: true })
  const snapshotId = await timed('snapshot', () => createSnapshot(driver, name, volume))
  await timed('grow', () => growVolume(driver, volume, 600 * MIB))
  if (readFileSync(join(path, 'file'), 'utf8') !== name) throw new Error('the file is not as it was written')
  await timed('detach', () => detachVolume(driver, volume))
  await deleteSnapshot(driver, snapshotId)
  await deleteVolume(driver, volume)
  return took
}

/** One certificate for both addresses, in the place of the deployment's own. */
async function certify(folder: string): Promise<void> {
  const at = (name: string): string => join(folder, 'https', name)
  const names = `subjectAltName=IP:${FAR},IP:${HOST_LOCAL}`
  const kind = ['-x509', '-key', at('key.pem'), '-days', '2', '-subj', '/CN=element', '-addext', names]
  await run({ file: 'openssl', args: ['req', ...kind, '-out', at('cert.pem')] })
}

// biome-ignore lint/suspicious/noExplicitAny: whatever the file holds
type Config = any

function change(deployment: Deployment, role: string, how: (config: Config) => object): void {
  const file = join(deployment.folder, `${role}.yaml`)
  writeFileSync(file, stringify(how(parse(readFileSync(file, 'utf8')))))
}

async function isLogged(deployment: Deployment, text: string): Promise<boolean> {
  for (let round = 0; round < 100; round += 1) {
    if (deployment.logs().includes(text)) return true
    await sleep(200)
  }
  return false
}

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { stringify } from 'yaml'
import { createElementEndpoint } from '../../src/endpoints/element/element-endpoint.ts'
import type { Retention, VolumeGroups } from '../../src/volumegroups/index.ts'
import { Deployment, type DeploymentOptions } from '../support/deployment.ts'
import { startFakes } from './fakes.ts'

/** How many specs of a run passed, failed and were skipped. */
export interface Tally {
  readonly passed: number
  readonly failed: number
  readonly skipped: number
}

interface Variant {
  readonly name: string
  readonly access: 'mount' | 'block'
  readonly parameters: Readonly<Record<string, string>>
  readonly sizeBytes: number
}

const CSI_SANITY = resolve(import.meta.dirname, '../../.cache/bin/csi-sanity')
const MIB = 1024 ** 2
/** Distinctive, so that a log that shows one is found. */
const SECRET = `sanity-secret-${Math.random().toString(36).slice(2)}`
const SECRETS = [
  ...['CreateVolume', 'DeleteVolume', 'ControllerPublishVolume', 'ControllerUnpublishVolume'],
  ...['ControllerValidateVolumeCapabilities', 'NodeStageVolume', 'NodePublishVolume', 'CreateSnapshot'],
  ...['DeleteSnapshot', 'ControllerExpandVolume', 'ControllerModifyVolume', 'ListSnapshots', 'GetSnapshot'],
]

/** xfs needs 300 MiB at least; the attach-limit test makes as many volumes as the node takes, so it takes few. */
const VARIANTS: readonly Variant[] = [
  {
    name: 'mount',
    access: 'mount',
    parameters: { fsType: 'xfs', volumeGroup: 'sanity' },
    sizeBytes: 320 * MIB,
  },
  { name: 'block', access: 'block', parameters: {}, sizeBytes: 64 * MIB },
]
const MAX_VOLUMES = 10

/** Runs the unmodified csi-sanity on fakes and on the real wiring, mount and block, in both attach modes. */
export async function csiSanity(): Promise<Tally> {
  const tallies = [await csiSanityOnFakes()]
  for (const attach of ['controller', 'node'] as const) {
    for (const variant of VARIANTS) tallies.push(await onRealParts(variant, attach))
  }
  return tallies.reduce(add)
}

/** Only the CSI services, on fakes: no root, a few seconds. */
export async function csiSanityOnFakes(): Promise<Tally> {
  const tallies: Tally[] = []
  for (const volumeHealth of [false, true]) {
    for (const variant of VARIANTS) tallies.push(await onFakes(variant, volumeHealth))
  }
  return tallies.reduce(add)
}

const MUTABLE_PARAMETERS = { snapshotPolicy: 'sanity-nightly', protectionPolicy: 'sanity-west' }

/** The policies that the mutable parameters name. */
async function createPolicies(groups: VolumeGroups): Promise<void> {
  const retention: Retention = {
    ...{ newest: 2, hourly: 0, daily: 7, weekly: 0, monthly: 0, yearly: 0 },
    ...{ timeZone: 'UTC', minimumKept: 1 },
  }
  const { snapshotPolicy, protectionPolicy } = MUTABLE_PARAMETERS
  const schedules = [{ kind: 'cron', cron: '0 2 * * *', timeZone: 'UTC' }] as const
  const inRoot = { project: '/' } as const
  await groups.createPolicy({
    ...inRoot,
    name: snapshotPolicy,
    kind: 'snapshot',
    schedules,
    retention,
    lockMs: 0,
  })
  const remote = { remote: 'west', rpoMs: 900_000, remoteRetention: retention } as const
  await groups.createPolicy({ ...inRoot, name: protectionPolicy, kind: 'protection', ...remote })
}

const add = (a: Tally, b: Tally): Tally => ({
  passed: a.passed + b.passed,
  failed: a.failed + b.failed,
  skipped: a.skipped + b.skipped,
})

async function onFakes(variant: Variant, volumeHealth: boolean): Promise<Tally> {
  await using fakes = await startFakes({ maxVolumes: MAX_VOLUMES, volumeHealth })
  await createPolicies(fakes.groups)
  return await run(`fakes, ${variant.name}${volumeHealth ? ', volume health' : ''}`, variant, fakes)
}

async function onRealParts(
  variant: Variant,
  attach: NonNullable<DeploymentOptions['attach']>,
): Promise<Tally> {
  // With attach: node over HTTPS, so that the node's own token is seen to be enough for all that it does.
  const transport = attach === 'node' ? 'https' : 'socket'
  const limits = { maxVolumes: MAX_VOLUMES, poolBytes: 16 * 1024 ** 3 }
  await using deployment = await Deployment.start({ name: 'mooring-sanity', attach, transport, ...limits })
  await using groups = createElementEndpoint({ socketPath: deployment.elementSocket })
  await createPolicies(groups)
  const title = `real parts, ${variant.name}, attach: ${attach}, over ${transport}`
  const tally = await run(title, variant, deployment)
  const logs = deployment.logs()
  if (tally.failed > 0) process.stdout.write(`${logs.slice(-8000)}\n`)
  return add(tally, scanLogs(logs, [SECRET, ...deployment.secrets()]))
}

/** The log scan: no secret of the whole run may appear in any log. */
function scanLogs(logs: string, secrets: readonly string[]): Tally {
  const isClean = logs.length > 0 && secrets.length > 2 && !secrets.some((secret) => logs.includes(secret))
  if (!isClean) process.stdout.write('the logs hold a secret, or there are no logs or secrets to look at\n')
  return isClean ? { passed: 1, failed: 0, skipped: 0 } : { passed: 0, failed: 1, skipped: 0 }
}

interface Sockets {
  readonly controllerSocket: string
  readonly nodeSocket: string
}

async function run(title: string, variant: Variant, sockets: Sockets): Promise<Tally> {
  process.stdout.write(`--- csi-sanity: ${title}\n`)
  const folder = mkdtempSync(join(tmpdir(), 'mooring-csi-sanity-'))
  try {
    const child = spawn(CSI_SANITY, argumentsOf(variant, sockets, folder), {
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const output: Buffer[] = []
    child.stdout.on('data', (chunk: Buffer) => output.push(chunk))
    child.stderr.on('data', (chunk: Buffer) => output.push(chunk))
    await once(child, 'close')
    const tally = tallyOf(readFileSync(join(folder, 'report.xml'), 'utf8'))
    if (tally.failed > 0) process.stdout.write(Buffer.concat(output))
    process.stdout.write(`${tally.passed} passed, ${tally.failed} failed, ${tally.skipped} skipped\n`)
    return tally
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function argumentsOf(variant: Variant, sockets: Sockets, folder: string): string[] {
  const file = (name: string, value: object): string => {
    writeFileSync(join(folder, name), stringify(value))
    return join(folder, name)
  }
  const secrets = Object.fromEntries(SECRETS.map((name) => [`${name}Secret`, { key: SECRET }]))
  return [
    `--csi.endpoint=unix://${sockets.nodeSocket}`,
    `--csi.controllerendpoint=unix://${sockets.controllerSocket}`,
    `--csi.mountdir=${folder}/mount`,
    `--csi.stagingdir=${folder}/staging`,
    `--csi.secrets=${file('secrets.yaml', secrets)}`,
    `--csi.testvolumeparameters=${file('parameters.yaml', variant.parameters)}`,
    `--csi.testvolumemutableparameters=${file('mutable.yaml', MUTABLE_PARAMETERS)}`,
    `--csi.testvolumeaccesstype=${variant.access}`,
    `--csi.testvolumesize=${variant.sizeBytes}`,
    `--csi.testvolumeexpandsize=${variant.sizeBytes + 32 * MIB}`,
    '--csi.testnodevolumeattachlimit=true',
    '--ginkgo.no-color',
    `--ginkgo.junit-report=${folder}/report.xml`,
  ]
}

/** The report's own sums. A spec that was interrupted or could not be set up counts as an error there. */
export function tallyOf(report: string): Tally {
  const suite = /<testsuite [^>]*>/.exec(report)?.[0] ?? ''
  const number = (name: string): number =>
    Number(new RegExp(` ${name}="(\\d+)"`).exec(suite)?.[1] ?? Number.NaN)
  const failed = number('failures') + number('errors')
  const skipped = number('skipped') + number('disabled')
  return { passed: number('tests') - failed - skipped, failed, skipped }
}

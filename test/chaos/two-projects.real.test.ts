import { randomBytes } from 'node:crypto'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type {
  CreateSnapshotResponse,
  CreateVolumeResponse,
  ListSnapshotsResponse,
  ListVolumesResponse,
} from '../../src/csi/messages.ts'
import { parseSnapshotId, snapshotIdOf } from '../../src/csi/snapshot-id.ts'
import { diskIds, recoveryPointIds } from '../../src/volumegroups/index.ts'
import { Deployment, sweepInterrupted } from '../support/deployment.ts'
import type { ElementClient } from '../support/https.ts'
import { type Part, startPart } from '../support/part.ts'
import { type Ended, mooring } from '../support/program.ts'
import { capabilityOf, madeVolume, type TestVolume } from '../support/volumes.ts'
import { type CsiCall, callsFor } from './csi-calls.ts'

/**
 * One element over HTTPS and two projects, /a and /b, each with its own controller and node, whose tokens are rows of
 * the element's database, made on the command line as an operator does it.
 */

const NAME = 'mooring-projects'

interface Tenant {
  readonly path: string
  readonly nodeId: string
  readonly controller: Part
  readonly node: Part
  readonly volume: TestVolume
  readonly snapshotId: string
}

let deployment: Deployment
let admin: ElementClient
const parts: Part[] = []
let a: Tenant
let b: Tenant

const done = async (line: string): Promise<Ended> => {
  const ended = await mooring(line, admin)
  expect(ended, line).toMatchObject({ code: 0 })
  return ended
}

async function tokenFile(label: string, line: string): Promise<string> {
  const { secret } = JSON.parse((await done(`token create ${label} ${line} --json`)).out) as {
    secret: string
  }
  const file = join(deployment.folder, `${label}.token`)
  writeFileSync(file, secret, { mode: 0o600 })
  return file
}

async function startTenant(letter: string): Promise<Tenant> {
  const path = `/${letter}`
  const nodeId = `node-${letter}`
  const { folder } = deployment
  await done(`project create ${path}`)
  const provisioner = await tokenFile(`controller-${letter}`, `--role provisioner --project ${path}`)
  const ofNode = await tokenFile(nodeId, `--role node --initiator ${nodeId} --project ${path}`)
  const controllerConfig = { element: { ...admin, tokenFile: provisioner } }
  const controller = await startPart({
    ...{ role: 'controller', name: `controller-${letter}`, folder },
    config: controllerConfig,
  })
  parts.push(controller)
  const config = { element: { ...admin, tokenFile: ofNode }, nodeId, stateDir: join(folder, nodeId) }
  const node = await startPart({ role: 'node', name: nodeId, folder, config })
  parts.push(node)
  const request = {
    name: `pvc-${letter}`,
    capacityRange: { requiredBytes: String(64 * 1024 ** 2) },
    volumeCapabilities: [capabilityOf('mount')],
    parameters: { project: `${path}/\${pvc.namespace}`, createProject: 'true', ...PVC },
    mutableParameters: { labels: `tenant=${letter}` },
  }
  const made = await controller.csi.call<CreateVolumeResponse>('CreateVolume', request)
  const volume = madeVolume({}, made)
  const snapshot = { name: `snapshot-${letter}`, sourceVolumeId: volume.volumeId }
  const taken = await controller.csi.call<CreateSnapshotResponse>('CreateSnapshot', snapshot)
  return { path, nodeId, controller, node, volume, snapshotId: taken.snapshot!.snapshotId }
}

const PVC = {
  'csi.storage.k8s.io/pvc/name': 'data',
  'csi.storage.k8s.io/pvc/namespace': 'shop',
  'csi.storage.k8s.io/pv/name': 'pv',
}

beforeAll(async () => {
  await sweepInterrupted(NAME)
  deployment = await Deployment.start({ name: NAME, transport: 'https' })
  admin = deployment.admin!
  a = await startTenant('a')
  b = await startTenant('b')
}, 180_000)

afterAll(async () => {
  for (const part of parts) await part[Symbol.asyncDispose]()
  await deployment?.[Symbol.asyncDispose]()
}, 180_000)

const place = ({ nodeId }: Tenant) => ({ nodeId, folder: join(deployment.folder, 'kubelet', nodeId) })

const call = ({ controller, node }: Tenant, { to, rpc, fields }: CsiCall): Promise<unknown> =>
  (to === 'node' ? node : controller).csi.call(rpc, fields, 60_000)

test('each lists its own volumes and snapshots, and nothing else', async () => {
  for (const tenant of [a, b]) {
    const { csi } = tenant.controller
    const volumes = await csi.call<ListVolumesResponse>('ListVolumes')
    expect(volumes.entries.map(({ volume }) => volume!.volumeId)).toEqual([tenant.volume.volumeId])
    const snapshots = await csi.call<ListSnapshotsResponse>('ListSnapshots')
    expect(snapshots.entries.map(({ snapshot }) => snapshot!.snapshotId)).toEqual([tenant.snapshotId])
  }
})

test('each has a volume of its own attached, written and read back on its own node, both at once', async () => {
  await Promise.all(
    [a, b].map(async (tenant) => {
      mkdirSync(place(tenant).folder, { recursive: true })
      const calls = callsFor(place(tenant), tenant.volume)
      const told = randomBytes(64).toString('hex')
      for (const next of [calls.grant, calls.stage, calls.publish]) await call(tenant, next)
      writeFileSync(join(calls.targetPath, 'file'), told)
      for (const next of [calls.unpublish, calls.unstage, calls.revoke]) await call(tenant, next)
      for (const next of [calls.grant, calls.stage, calls.publish]) await call(tenant, next)
      expect(readFileSync(join(calls.targetPath, 'file'), 'utf8')).toBe(told)
      for (const next of [calls.unpublish, calls.unstage, calls.revoke]) await call(tenant, next)
    }),
  )
})

describe("what is the other's is answered as what does not exist", () => {
  interface Named {
    readonly volumeId: string
    readonly snapshotId: string
    readonly nodeId: string
    readonly project: string
  }
  const others = (): Named => ({
    ...{ volumeId: b.volume.volumeId, snapshotId: b.snapshotId, nodeId: b.nodeId, project: b.path },
  })
  const nobodys = (): Named => {
    const volumeId = diskIds.create()
    const snapshotId = snapshotIdOf({ recoveryPointId: recoveryPointIds.create(), diskId: volumeId })
    return { volumeId, snapshotId, nodeId: 'node-x', project: '/x' }
  }
  const capability = { volumeCapability: capabilityOf('mount') }
  const made = (name: string, fields: object): object => ({
    ...{ name, volumeCapabilities: [capabilityOf('mount')], parameters: { project: '/a' } },
    ...fields,
  })

  /** Answers with every name of the things replaced. */
  async function answer(csiCall: CsiCall, things: Named): Promise<string> {
    const told = await call(a, csiCall).then(
      (value) => JSON.stringify(value),
      (error: { code: number; details: string }) => `${error.code} ${error.details}`,
    )
    const { volumeId, snapshotId, nodeId, project } = things
    const { recoveryPointId } = parseSnapshotId(snapshotId)!
    return told
      .replaceAll(snapshotId, 'SNAPSHOT')
      .replaceAll(recoveryPointId, 'POINT')
      .replaceAll(volumeId, 'VOLUME')
      .replaceAll(nodeId, 'NODE')
      .replaceAll(`project ${project}`, 'PROJECT')
  }

  const CALLS: Readonly<Record<string, (things: Named) => Omit<CsiCall, 'to'> & { to?: 'node' }>> = {
    attach: ({ volumeId }) => ({
      rpc: 'ControllerPublishVolume',
      fields: { volumeId, nodeId: a.nodeId, ...capability },
    }),
    'attach to its node': ({ nodeId }) => ({
      rpc: 'ControllerPublishVolume',
      fields: { volumeId: a.volume.volumeId, nodeId, ...capability },
    }),
    detach: ({ volumeId, nodeId }) => ({ rpc: 'ControllerUnpublishVolume', fields: { volumeId, nodeId } }),
    'stage on a node': ({ volumeId }) => ({
      ...{ to: 'node', rpc: 'NodeStageVolume' },
      fields: { volumeId, stagingTargetPath: join(deployment.folder, 'kubelet/none'), ...capability },
    }),
    get: ({ volumeId }) => ({ rpc: 'ControllerGetVolume', fields: { volumeId } }),
    snapshot: ({ volumeId }) => ({ rpc: 'CreateSnapshot', fields: { name: 's', sourceVolumeId: volumeId } }),
    'get a snapshot': ({ snapshotId }) => ({ rpc: 'GetSnapshot', fields: { snapshotId } }),
    'list snapshots of a volume': ({ volumeId }) => ({
      rpc: 'ListSnapshots',
      fields: { sourceVolumeId: volumeId },
    }),
    'list a snapshot': ({ snapshotId }) => ({ rpc: 'ListSnapshots', fields: { snapshotId } }),
    'restore a snapshot': ({ snapshotId }) => ({
      rpc: 'CreateVolume',
      fields: made('restored', { volumeContentSource: { snapshot: { snapshotId } } }),
    }),
    'clone a volume': ({ volumeId }) => ({
      rpc: 'CreateVolume',
      fields: made('cloned', { volumeContentSource: { volume: { volumeId } } }),
    }),
    'make a volume there': ({ project }) => ({
      rpc: 'CreateVolume',
      fields: made('there', { parameters: { project, createProject: 'true' } }),
    }),
    grow: ({ volumeId }) => ({
      rpc: 'ControllerExpandVolume',
      fields: { volumeId, capacityRange: { requiredBytes: '1073741824' } },
    }),
    modify: ({ volumeId }) => ({
      rpc: 'ControllerModifyVolume',
      fields: { volumeId, mutableParameters: { labels: 'mine=yes' } },
    }),
    'group snapshot': ({ volumeId }) => ({
      rpc: 'CreateVolumeGroupSnapshot',
      fields: { name: 'g', sourceVolumeIds: [volumeId] },
    }),
    'delete a snapshot': ({ snapshotId }) => ({ rpc: 'DeleteSnapshot', fields: { snapshotId } }),
    delete: ({ volumeId }) => ({ rpc: 'DeleteVolume', fields: { volumeId } }),
  }

  test.each(Object.keys(CALLS))('%s', async (name) => {
    mkdirSync(join(deployment.folder, 'kubelet/none'), { recursive: true })
    const [other, nobody] = [others(), nobodys()]
    const asked = (things: Named): CsiCall => ({ to: 'controller', ...CALLS[name]!(things) })
    expect(await answer(asked(other), other)).toBe(await answer(asked(nobody), nobody))
  })

  test('and nothing of it was touched', async () => {
    const { entries } = await b.controller.csi.call<ListVolumesResponse>('ListVolumes')
    expect(entries.map(({ volume }) => volume!.volumeId)).toEqual([b.volume.volumeId])
    const groups = JSON.parse((await done('vg list --json')).out) as { items: { labels: object }[] }
    expect(groups.items.map(({ labels }) => labels)).toEqual([{ tenant: 'a' }, { tenant: 'b' }])
    const { out } = await done('rp list --json')
    expect((JSON.parse(out) as { items: { name: string }[] }).items.map(({ name }) => name)).toEqual([
      'snapshot-a',
      'snapshot-b',
    ])
  })
})

describe('an operator elsewhere, over HTTPS', () => {
  test('makes a project, group, disks, policy and point, lists and deletes them', async () => {
    await done('project create /shop')
    await done("policy create nightly --cron '0 2 * * *' --newest 3 --project /shop")
    await done('vg create orders --project /shop/eu --create-project')
    await done('vg set orders --project /shop/eu --snapshot-policy nightly --label app=shop')
    await done('disk create data --vg orders --project /shop/eu --size 64MiB')
    await done('rp create monday --vg orders --project /shop/eu')
    const list = JSON.parse((await done('rp list --vg orders --project /shop/eu --json')).out)
    expect(list).toMatchObject({ items: [{ name: 'monday', disks: [{ sizeBytes: 64 * 1024 ** 2 }] }] })
    expect((await done('policy effective --vg orders --project /shop/eu')).out).toContain('nightly')
    const planned = expect.poll(async () => (await done('schedule list')).out, { timeout: 30_000 })
    await planned.toContain(list.items[0].groupId)

    const full = await mooring('project delete /shop/eu --yes', admin)
    expect(full).toMatchObject({ code: 1, out: '' })
    expect(full.err).toMatch(/PROJECT_NOT_EMPTY.*\nnext: Delete or move what the error lists first\./)
    await done('rp delete monday --vg orders --project /shop/eu --yes')
    await done('disk delete data --project /shop/eu --yes --grace 0')
    await done('vg delete orders --project /shop/eu --yes --grace 0')
    await done('project delete /shop/eu --yes')
    await done('policy delete nightly --project /shop --yes')
    await done('project delete /shop --yes')
  })

  test('a token of one project sees that project only, and its role holds', async () => {
    const way = { ...admin, tokenFile: join(deployment.folder, 'controller-a.token') }
    const { items } = JSON.parse((await mooring('project list --json', way)).out)
    expect(items.map(({ path }: { path: string }) => path)).toEqual(['/a', '/a/shop'])
    const refused = await mooring('token list', way)
    expect(refused).toMatchObject({ code: 1, err: expect.stringContaining('PERMISSION_DENIED') })
  })

  const wrong = async (way: Partial<ElementClient>) => mooring('vg list', { ...admin, ...way })

  test('a wrong token is refused; it says what to do', async () => {
    const file = join(deployment.folder, 'wrong.token')
    writeFileSync(file, 'no-such-token')
    const { code, err } = await wrong({ tokenFile: file })
    expect([code, err]).toEqual([1, expect.stringMatching(/UNAUTHENTICATED.*\nnext: \S/)])
    const json = await mooring('vg list --json', { ...admin, tokenFile: file })
    expect(JSON.parse(json.err)).toMatchObject({
      reason: 'UNAUTHENTICATED',
      fix: expect.stringMatching(/\S/),
    })
  })

  test('a certificate of another authority is not trusted, and the token is not sent', async () => {
    const { code, err } = await wrong({ caFile: '/etc/ssl/certs/ca-certificates.crt' })
    expect(code).toBe(3)
    expect(err).toMatch(/certificate.*not trusted.*127\.0\.0\.1.*\nnext: .*--ca-file/)
  })

  test('an element that does not answer is told with its address', async () => {
    const { code, err } = await wrong({ url: 'https://127.0.0.1:1' })
    expect([code, err]).toEqual([3, expect.stringMatching(/127\.0\.0\.1:1.*\nnext: Check that the element/)])
  })
})

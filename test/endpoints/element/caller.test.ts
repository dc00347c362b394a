import { createHash } from 'node:crypto'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { expect, onTestFinished, test } from 'vitest'
import { createElementApi, listen, type Token } from '../../../src/element/index.ts'
import {
  createElementEndpoint,
  type ElementEndpoint,
} from '../../../src/endpoints/element/element-endpoint.ts'
import { run } from '../../../src/host/exec.ts'
import { addDisk, addInitiator, attach, initiatorId, refused } from '../../contract/volume-groups/helpers.ts'
import { FakeVolumeGroups } from '../../fakes/fake-volume-groups.ts'

async function makeCertificate() {
  const directory = await mkdtemp(join(tmpdir(), 'mooring-tls-'))
  onTestFinished(() => rm(directory, { recursive: true }))
  const [key, cert] = [join(directory, 'key.pem'), join(directory, 'cert.pem')]
  const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=IP:127.0.0.1']
  const kind = ['-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2']
  await run({ file: 'openssl', args: ['req', ...kind, ...subject, '-keyout', key, '-out', cert] })
  return { key: await readFile(key, 'utf8'), cert: await readFile(cert, 'utf8') }
}

const tokens: readonly Token[] = [
  { sha256: createHash('sha256').update('admin-token').digest('hex'), role: 'admin' },
  {
    sha256: createHash('sha256').update('n1-token').digest('hex'),
    role: 'node',
    initiatorId: initiatorId('n1'),
  },
]

/** An element behind HTTPS, and endpoints of it by token. */
async function serveHttps() {
  const tls = await makeCertificate()
  const groups = new FakeVolumeGroups()
  const app = createElementApi({
    groups,
    auth: { kind: 'bearer', tokens },
    log: pino({ level: 'silent' }),
    tls,
  })
  onTestFinished(() => app.close())
  const url = await listen(app, { host: '127.0.0.1', port: 0 })
  const connect = (token: string, ca: string | undefined = tls.cert): ElementEndpoint => {
    const endpoint = createElementEndpoint({ url, token, ca })
    onTestFinished(() => endpoint[Symbol.asyncDispose]())
    return endpoint
  }
  return { url, connect }
}

test('over HTTPS, a token opens what its role may do', async () => {
  const { url, connect } = await serveHttps()
  expect(url).toMatch(/^https:/)
  const admin = connect('admin-token')
  const node = connect('n1-token')
  const disk = await addDisk(admin, 'a')
  await addInitiator(node, 'n1')
  await addInitiator(admin, 'n2')
  await attach(node, disk.id, 'n1', { shared: true })
  await attach(admin, disk.id, 'n2', { shared: true })
  expect((await node.connection(disk.id, initiatorId('n1'))).chap?.user).toBe('n1')
  expect((await node.listAttachments({ initiatorId: initiatorId('n1') })).items).toHaveLength(1)
  await refused(node.connection(disk.id, initiatorId('n2')), 'PERMISSION_DENIED')
  await refused(node.listAttachments(), 'PERMISSION_DENIED')
  await refused(node.revoke(disk.id, undefined), 'PERMISSION_DENIED')
  await refused(node.deleteDisk(disk.id), 'PERMISSION_DENIED')
  await node.revoke(disk.id, initiatorId('n1'))
  expect((await admin.getDisk(disk.id)).attachedTo).toEqual(['n2'])
})

test('an unknown token and an unknown certificate are refused', async () => {
  const { connect } = await serveHttps()
  await refused(connect('nonsense').status(), 'UNAUTHENTICATED')
  const other = await makeCertificate()
  await refused(connect('admin-token', other.cert).status(), 'ENDPOINT_UNAVAILABLE')
})

test('names with every kind of character come through', async () => {
  const { connect } = await serveHttps()
  const admin = connect('admin-token')
  const name = 'a/b?c=d&e #%20 ü 語'
  const disk = await addDisk(admin, name, { attributes: { [name]: name } })
  expect((await admin.listDisks({ name })).items).toEqual([disk])
  expect(disk).toMatchObject({ name, attributes: { [name]: name } })
})

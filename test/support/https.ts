import { createHash, randomBytes } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { stringify } from 'yaml'
import { run } from '../../src/host/exec.ts'

/** What a client's configuration says of the element. */
export interface ElementClient {
  readonly url: string
  readonly tokenFile: string
  readonly caFile: string
}

/** How an element listens over HTTPS, and how a controller and a node reach it there. */
export interface HttpsSetup {
  readonly listen: object
  readonly admin: ElementClient
  readonly controller: ElementClient
  readonly node: ElementClient
  /** The tokens: no log may show them. */
  readonly tokens: readonly string[]
}

/** Makes a certificate and three tokens: for all, for provisioning, and for the disks of this node only. */
export async function setUpHttps(
  folder: string,
  port: number,
  nodeId: string,
  address = '127.0.0.1',
): Promise<HttpsSetup> {
  const at = (name: string): string => join(folder, 'https', name)
  mkdirSync(join(folder, 'https'))
  const files = { keyFile: at('key.pem'), certFile: at('cert.pem'), tokensFile: at('tokens.yaml') }
  const subject = ['-subj', '/CN=element', '-addext', `subjectAltName=IP:${address}`]
  const kind = ['-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2']
  const output = ['-keyout', files.keyFile, '-out', files.certFile]
  await run({ file: 'openssl', args: ['req', ...kind, ...subject, ...output] })
  const tokens = { admin: newToken(), provisioner: newToken(), node: newToken() }
  const known = [
    { sha256: hashOf(tokens.admin), role: 'admin' },
    { sha256: hashOf(tokens.provisioner), role: 'provisioner' },
    { sha256: hashOf(tokens.node), role: 'node', initiator: nodeId },
  ]
  writeFileSync(files.tokensFile, stringify(known))
  const client = (role: keyof typeof tokens): ElementClient => {
    writeFileSync(at(`${role}.token`), `${tokens[role]}\n`, { mode: 0o600 })
    return { url: `https://${address}:${port}`, tokenFile: at(`${role}.token`), caFile: files.certFile }
  }
  return {
    listen: { address, port, ...files },
    admin: client('admin'),
    controller: client('provisioner'),
    node: client('node'),
    tokens: Object.values(tokens),
  }
}

const newToken = (): string => randomBytes(24).toString('base64url')
const hashOf = (token: string): string => createHash('sha256').update(token).digest('hex')

import { join } from 'node:path'
import { expect, test } from 'vitest'
import { run } from '../../src/host/exec.ts'
import { type FileDescriptor, factsOfDescriptor, factsOfProto } from './facts.ts'

const PROTO = join(import.meta.dirname, '../../proto/csi.proto')

/** The first run downloads the module and compiles it. */
const GO_TIMEOUT_MS = 110_000

/** The descriptor that the released Go module carries. */
async function releasedDescriptor(): Promise<FileDescriptor> {
  const wanted = /^(PATH|HOME|TMPDIR|GO\w*|XDG_CACHE_HOME|https?_proxy|no_proxy|SSL_CERT_\w+)$/i
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => wanted.test(name)))
  const command = { file: '/usr/bin/env', args: ['go', '-C', import.meta.dirname, 'run', '.'] }
  const options = { timeoutMs: GO_TIMEOUT_MS, env: env as Record<string, string> }
  return JSON.parse((await run(command, options)).stdout)
}

test('proto/csi.proto says what the CSI release says: every service, message, field, enum and option', async () => {
  const released = factsOfDescriptor(await releasedDescriptor())
  expect(released).toContain('message csi.v1.Topology: map<string,string> segments = 1')
  expect(released.length).toBeGreaterThan(400)
  expect(factsOfProto(PROTO)).toEqual(released)
})

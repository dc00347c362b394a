import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { expect, test } from 'vitest'
import { type Auth, createElementApi, listen } from '../../src/element/index.ts'
import { createElementEndpoint, type ElementAddress } from '../../src/endpoints/element/element-endpoint.ts'
import { createWorld } from '../fakes/world.ts'
import { CuttingProxy } from '../support/cutting-proxy.ts'
import { byLength } from '../support/duration.ts'
import { setUpHttps } from '../support/https.ts'
import { below, randomFrom } from '../support/random.ts'
import { CALLS_PER_LIFE, type CutCall, operationsOf, remainsOf, StubbornLife } from './stubborn-life.ts'

/**
 * Connections between the REST client and an element are cut at a random byte of request and response, TLS handshakes
 * among them. The client repeats with its key until it has an answer: each call has one effect, and none stays unknown.
 */

const CUTS = byLength(250, 5000)
const CLIENTS = 8
const SEED = below(Math.random, 2 ** 32)

type Serve = (auth: Auth, tls?: { readonly key: string; readonly cert: string }) => Promise<number>

interface Way {
  /** Where the element answers. */
  readonly port: number
  readonly address: (port: number) => ElementAddress
}

const WAYS = {
  'plain HTTP': async (_: string, serve: Serve): Promise<Way> => ({
    port: await serve({ kind: 'local' }),
    address: (port) => ({ url: `http://127.0.0.1:${port}`, token: 'none' }),
  }),
  HTTPS: async (folder: string, serve: Serve): Promise<Way> => {
    const { listen: files, admin, tokens } = await setUpHttps(folder, 0, 'node')
    const { keyFile, certFile } = files as Record<'keyFile' | 'certFile', string>
    const tls = { key: readFileSync(keyFile, 'utf8'), cert: readFileSync(certFile, 'utf8') }
    const token = tokens[0]!
    const sha256 = createHash('sha256').update(token).digest('hex')
    return {
      port: await serve({ kind: 'bearer', tokens: [{ sha256, role: 'admin' }] }, tls),
      address: (port) => ({
        url: `https://127.0.0.1:${port}`,
        token,
        ca: readFileSync(admin.caFile, 'utf8'),
      }),
    }
  },
}

test.each(Object.entries(WAYS))(
  `over %s, cut ${CUTS} times, each call has one effect`,
  {
    timeout: byLength(120_000, 1_200_000),
  },
  async (name, openWay) => {
    await using stack = new AsyncDisposableStack()
    const folder = await mkdtemp(join(tmpdir(), 'mooring-cut-'))
    stack.defer(() => rm(folder, { recursive: true }))
    const { service } = stack.use(await stack.use(await createWorld()).boot())
    const { port, address } = await openWay(folder, async (auth, tls) => {
      const app = createElementApi({ groups: service, auth, tls, log: pino({ level: 'silent' }) })
      stack.defer(() => app.close())
      return Number(new URL(await listen(app, { host: '127.0.0.1', port: 0 })).port)
    })
    const begun = await operationsOf(service)
    let cuts = 0
    const client = async (index: number): Promise<CutCall[]> => {
      await using proxy = await CuttingProxy.start({ host: '127.0.0.1', port })
      await using element = createElementEndpoint(address(proxy.port), { connections: 1 })
      const life = new StubbornLife({
        name: `client-${index}`,
        element,
        service,
        proxy,
        random: randomFrom(SEED + index),
      })
      while (cuts < CUTS) {
        const before = proxy.cuts
        await life.live()
        cuts += proxy.cuts - before
      }
      return life.calls
    }
    const calls = (await Promise.all(Array.from({ length: CLIENTS }, (_, index) => client(index)))).flat()
    const atByte = (direction: string): number =>
      calls.flatMap(({ cutIn }) => cutIn).filter((one) => one === direction).length
    process.stdout.write(
      `${name}, seed ${SEED}: ${cuts} cuts (${atByte('request')} in requests, ${atByte('response')} in responses), ` +
        `${calls.length} calls, ${calls.reduce((sum, { attempts }) => sum + attempts, 0)} attempts of the caller\n`,
    )
    expect(calls.length % CALLS_PER_LIFE).toBe(0)
    // One operation for each call, done: a call that was carried out twice would have left two.
    expect((await operationsOf(service)).done - begun.done).toBe(calls.length)
    expect(await operationsOf(service)).toMatchObject({ failed: 0, running: 0, undoing: 0, faulted: 0 })
    expect(await remainsOf(service)).toEqual([])
  },
)

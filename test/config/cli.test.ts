import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { readCliEndpoint } from '../../src/config/cli.ts'
import { ConfigError } from '../../src/config/read.ts'

const folder = mkdtempSync(join(tmpdir(), 'mooring-config-'))
afterAll(() => rmSync(folder, { recursive: true }))

const NOTHING = {
  configFile: undefined,
  configHome: join(folder, 'empty'),
  socket: undefined,
  url: undefined,
  tokenFile: undefined,
  caFile: undefined,
}

mkdirSync(join(folder, 'home/mooring'), { recursive: true })
writeFileSync(
  join(folder, 'home/mooring/cli.yaml'),
  'element: { url: "https://file:1", tokenFile: /file/token }',
)
const WITH_FILE = { ...NOTHING, configHome: join(folder, 'home') }

test('an option comes before the environment, that before the file, and the local socket is last', () => {
  const all = { ...WITH_FILE, socket: '/environment.sock' }
  expect(readCliEndpoint({ socket: '/option.sock' }, all)).toEqual({ socket: '/option.sock' })
  expect(readCliEndpoint({}, all)).toEqual({ socket: '/environment.sock' })
  expect(readCliEndpoint({}, WITH_FILE)).toEqual({ url: 'https://file:1', tokenFile: '/file/token' })
  expect(readCliEndpoint({}, NOTHING)).toEqual({ socket: '/run/mooring/element.sock' })
})

test('a token is taken from wherever it is named', () => {
  const tokenFile = '/environment/token'
  expect(readCliEndpoint({ url: 'https://option:1' }, { ...NOTHING, tokenFile })).toEqual({
    url: 'https://option:1',
    tokenFile,
  })
})

test.each([
  [{ url: 'https://a', socket: '/a.sock' }, 'both a socket and a URL'],
  [{ url: 'https://a' }, 'needs a token'],
  [{ url: 'http://a', tokenFile: '/t' }, 'no URL of an element'],
  [{ url: 'a', tokenFile: '/t' }, 'no URL of an element'],
])('%j can not be used', (given, message) => {
  expect(() => readCliEndpoint(given, NOTHING)).toThrow(message)
})

test('a file that is named must be there', () => {
  expect(() => readCliEndpoint({}, { ...NOTHING, configFile: join(folder, 'none.yaml') })).toThrow(
    ConfigError,
  )
})

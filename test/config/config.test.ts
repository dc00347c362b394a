import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { readCliEndpoint } from '../../src/config/cli.ts'
import {
  readControllerConfig,
  readElementConfig,
  readNodeConfig,
  readTokens,
} from '../../src/config/config.ts'
import { ConfigError } from '../../src/config/read.ts'

const examples = join(import.meta.dirname, '../../deploy/config')
const folder = mkdtempSync(join(tmpdir(), 'mooring-config-'))
afterAll(() => rmSync(folder, { recursive: true }))

const NOTHING = {
  configHome: folder,
  configFile: undefined,
  socket: undefined,
  url: undefined,
  tokenFile: undefined,
  caFile: undefined,
}

function file(text: string): string {
  const path = join(folder, 'config.yaml')
  writeFileSync(path, text)
  return path
}

describe('the example files', () => {
  test.each([
    ['element.yaml', readElementConfig],
    ['controller.yaml', readControllerConfig],
    ['node.yaml', readNodeConfig],
    ['tokens.yaml', readTokens],
    ['cli.yaml', (file: string) => readCliEndpoint({}, { ...NOTHING, configFile: file })],
  ])('%s is valid', (name, read) => {
    expect(read(join(examples, name))).toBeDefined()
  })

  test('show every knob of the element at its default', () => {
    const least = 'pool: { path: /p }\nportal: { address: 127.0.0.1, port: 1 }'
    const { pool: _, portal: __, listen, ...defaults } = readElementConfig(file(least))
    const example = readElementConfig(join(examples, 'element.yaml'))
    expect(example).toMatchObject({ ...defaults, listen: { socket: listen.socket } })
  })
})

test('all faults are told at once, and unknown keys by name', () => {
  const broken = 'naem: x\nsite: "-"\npool: { path: /p }\nportal: { address: 127.0.0.1, port: 70000 }'
  const error = (() => {
    try {
      readElementConfig(file(broken))
    } catch (caught) {
      return caught as Error
    }
    return undefined
  })()
  expect(error).toBeInstanceOf(ConfigError)
  for (const fault of ['naem', 'site', 'portal.port']) expect(error?.message).toContain(fault)
})

test('a missing file and broken YAML are configuration faults', () => {
  expect(() => readElementConfig(join(folder, 'none.yaml'))).toThrow(ConfigError)
  expect(() => readElementConfig(file('a: [1'))).toThrow(ConfigError)
})

test('the result is frozen, all the way down', () => {
  const config = readElementConfig(join(examples, 'element.yaml'))
  expect(Object.isFrozen(config) && Object.isFrozen(config.portal)).toBe(true)
})

test('a node has an initiator name that iSCSI allows', () => {
  const least = 'csiEndpoint: unix:///x.sock\nelement: { socket: /e.sock }\nnodeId: Worker_1.Example'
  expect(readNodeConfig(file(least)).initiatorName).toBe('iqn.2026-01.storage.mooring.node:worker-1.example')
})

describe('the ways to the element', () => {
  const A = '{ url: "https://192.0.2.10:9443", tokenFile: /t, caFile: /c }'
  const waysOf = (text: string) =>
    readControllerConfig(file(`csiEndpoint: unix:///x.sock\n${text}`)).endpoints
  const LINK_LOCAL = 'https://169.254.77.1:9443'

  test('are those of the list in its order, then the link-local one with the first token and CA', () => {
    const named = { url: 'https://192.0.2.10:9443', tokenFile: '/t', caFile: '/c' }
    const local = { socket: '/e.sock' }
    const last = { ...named, url: LINK_LOCAL }
    expect(waysOf(`element: [{ socket: /e.sock }, ${A}]`)).toEqual([local, named, last])
    expect(waysOf(`element: ${A}`)).toEqual([named, last])
    expect(waysOf(`element: ${A}\nlinkLocal: false`)).toEqual([named])
  })

  test('a socket alone is all there is: there is no token for another way', () => {
    expect(waysOf('element: { socket: /e.sock }')).toEqual([{ socket: '/e.sock' }])
  })

  test('without a list it is the link-local one, with what the packages put there', () => {
    const credentials = { tokenFile: '/etc/mooring/token', caFile: '/etc/mooring/ca.crt' }
    expect(waysOf('')).toEqual([{ url: LINK_LOCAL, ...credentials }])
    expect(() => waysOf('linkLocal: false')).toThrow(/no way to the element/)
  })

  test('one that the list has at its own place is not tried twice', () => {
    const first = `element: [{ url: "${LINK_LOCAL}", tokenFile: /t }, ${A}]`
    expect(waysOf(first)).toMatchObject([{ url: LINK_LOCAL }, { url: 'https://192.0.2.10:9443' }])
  })
})

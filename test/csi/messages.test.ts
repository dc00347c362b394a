import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { generateMessages } from '../../scripts/generate-messages.ts'
import type { CreateVolumeRequest, Snapshot } from '../../src/csi/messages.ts'
import { SCHEMA } from '../../src/csi/messages.ts'
import { overTheWire, request } from '../fakes/csi-client.ts'

test('messages.ts is what the proto says; else run scripts/generate-messages.ts', async () => {
  const file = join(import.meta.dirname, '../../src/csi/messages.ts')
  expect(await readFile(file, 'utf8')).toBe(generateMessages())
})

test('a request arrives with every field set, as its type promises', () => {
  expect(request<CreateVolumeRequest>('CreateVolume', { name: 'a' })).toEqual({
    name: 'a',
    capacityRange: null,
    volumeCapabilities: [],
    parameters: {},
    secrets: {},
    volumeContentSource: null,
    accessibilityRequirements: null,
    mutableParameters: {},
  } satisfies CreateVolumeRequest)
})

test('64-bit numbers keep every digit, and enums and oneofs arrive by name', () => {
  const fields = {
    capacityRange: { requiredBytes: '9007199254740993' },
    volumeCapabilities: [{ block: {}, accessMode: { mode: 'MULTI_NODE_MULTI_WRITER' } }],
  }
  const { capacityRange, volumeCapabilities } = request<CreateVolumeRequest>('CreateVolume', fields)
  expect(capacityRange).toEqual({ requiredBytes: '9007199254740993', limitBytes: '0' })
  const capability = { block: {}, accessType: 'block', accessMode: { mode: 'MULTI_NODE_MULTI_WRITER' } }
  expect(volumeCapabilities).toEqual([capability])
})

test('a response is written as its type says', () => {
  const snapshot: Snapshot = {
    snapshotId: 's',
    sourceVolumeId: 'v',
    sizeBytes: '9007199254740993',
    creationTime: { seconds: '1700000000', nanos: 5 },
    readyToUse: true,
    groupSnapshotId: '',
    accessibleTopology: [],
  }
  expect(overTheWire('CreateSnapshot', { snapshot })).toEqual({ snapshot })
})

test('every secret of the proto is marked in the schema', () => {
  const secret = Object.entries(SCHEMA).filter(([, fields]) => 'secrets' in fields)
  expect(secret.length).toBeGreaterThan(15)
  expect(secret.filter(([, fields]) => fields.secrets?.secret !== true)).toEqual([])
})

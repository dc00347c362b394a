import { expect, test } from 'vitest'
import { createIdentityService } from '../../src/csi/identity.ts'
import { StorageError } from '../../src/volumegroups/index.ts'
import { FakeVolumeGroups } from '../fakes/fake-volume-groups.ts'
import { testCall } from '../fakes/rpc.ts'

const identity = (endpoint = new FakeVolumeGroups()) => createIdentityService({ endpoint, version: '1.2.3' })

test('the plugin has its name and version', async () => {
  const info = await identity().getPluginInfo({}, testCall())
  expect(info).toEqual({ name: 'csi.mooring.storage', vendorVersion: '1.2.3', manifest: {} })
  expect(info.name).toMatch(/^[a-z][a-z0-9.-]{0,61}[a-z]$/)
})

test('the plugin says what it can', async () => {
  const { capabilities } = await identity().getPluginCapabilities({}, testCall())
  expect(capabilities.map((one) => one.service?.type ?? one.volumeExpansion?.type)).toEqual([
    'CONTROLLER_SERVICE',
    'VOLUME_ACCESSIBILITY_CONSTRAINTS',
    'GROUP_CONTROLLER_SERVICE',
    'SNAPSHOT_METADATA_SERVICE',
    'ONLINE',
  ])
})

test('it is not ready until the endpoint has answered once, and ready from then on', async () => {
  const groups = new FakeVolumeGroups()
  let state: 'down' | 'starting' | 'ready' = 'down'
  const status = async () => {
    if (state === 'down') throw new StorageError('ENDPOINT_UNAVAILABLE', 'the element does not answer')
    return { ...(await groups.status()), state }
  }
  const { probe } = createIdentityService({ endpoint: { status }, version: '1.2.3' })
  const ready = async () => (await probe({}, testCall())).ready?.value
  expect(await ready()).toBe(false)
  state = 'starting'
  expect(await ready()).toBe(false)
  state = 'ready'
  expect(await ready()).toBe(true)
  state = 'down'
  expect(await ready()).toBe(true)
})

test('an endpoint that hangs is not ready, and is not waited for longer than the caller waits', async () => {
  const status = (call?: { signal?: AbortSignal | undefined }) =>
    new Promise<never>((_resolve, reject) => {
      call?.signal?.addEventListener('abort', () => reject(call.signal?.reason), { once: true })
    })
  const { probe } = createIdentityService({ endpoint: { status }, version: '1.2.3' })
  const caller = new AbortController()
  const answer = probe({}, testCall(caller.signal))
  caller.abort()
  expect(await answer).toEqual({ ready: { value: false } })
})

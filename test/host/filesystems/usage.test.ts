import { expect, test } from 'vitest'
import { UsageReader } from '../../../src/host/filesystems/usage.ts'

const counts = { blocks: 100n, bfree: 40n, bavail: 30n, bsize: 4096n, files: 10n, ffree: 3n }

test('blocks are told as bytes, with what is reserved neither used nor available', async () => {
  const usage = await new UsageReader(async () => counts).read('/volume')
  expect(usage).toEqual({
    bytes: { total: 409_600n, used: 245_760n, available: 122_880n },
    inodes: { total: 10n, used: 7n, available: 3n },
  })
})

test('the file system under this directory answers', async () => {
  const { bytes } = await new UsageReader().read('/')
  expect(bytes.total).toBeGreaterThan(0n)
})

test('many callers at once are all answered', async () => {
  const reader = new UsageReader()
  const all = await Promise.all(Array.from({ length: 50 }, () => reader.read('/')))
  expect(all).toHaveLength(50)
})

test('a mount that fails is an error of its own', async () => {
  await expect(new UsageReader().read('/no/such/path')).rejects.toMatchObject({ reason: 'COMMAND_FAILED' })
})

test('mounts that hang are waited for in a bounded time, and at most two at once', async () => {
  const answers = new Map<string, (value: typeof counts) => void>()
  const hang = (path: string) => new Promise<typeof counts>((resolve) => answers.set(path, resolve))
  const reader = new UsageReader((path) => (path === '/sound' ? Promise.resolve(counts) : hang(path)), 5)
  await expect(reader.read('/hung-1')).rejects.toMatchObject({ reason: 'STEP_TIMED_OUT' })
  await reader.read('/sound')
  await expect(reader.read('/hung-2')).rejects.toMatchObject({ reason: 'STEP_TIMED_OUT' })
  await expect(reader.read('/sound')).rejects.toMatchObject({ reason: 'STEP_TIMED_OUT' })
  expect([...answers.keys()]).toEqual(['/hung-1', '/hung-2'])
  answers.get('/hung-1')!(counts)
  await reader.read('/sound')
})

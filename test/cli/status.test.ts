import { expect, test } from 'vitest'
import { startCli } from './harness.ts'

test('status says what the element is and what its pool has left', async () => {
  await using cli = await startCli()
  expect((await cli.run('status')).out).toBe(`\
element:       element-1
site:          site-1
state:         ready
authority:     held since 2026-01-01T00:00:00.000Z (3h ago)
bound:         18 s
takeover:      within 26.15 s of the last renewal
serving:       yes
version:       0.0.0
started:       2026-01-01T00:00:00.000Z (3h ago)
id:            00000000-0000-4000-8000-000000000001
pool:          ok
total:         1 PiB (1125899906842624 bytes)
available:     1 PiB (1125899906842624 bytes)
largest disk:  64 TiB (70368744177664 bytes)
`)
  expect(JSON.parse((await cli.run('status --json')).out)).toMatchObject({
    name: 'element-1',
    state: 'ready',
    capacity: { totalBytes: 1125899906842624 },
  })
})

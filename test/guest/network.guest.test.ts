import { expect, test } from 'vitest'
import { startDaemon } from '../../src/host/exec.ts'
import { bootGuest } from './support/guest.ts'
import { createGuestBridge } from './support/network.ts'

test('a guest on a bridge reaches what listens in its namespace, and nothing else of this machine', async () => {
  await using bridge = await createGuestBridge()
  const program = `require('node:net').createServer((s) => s.end('hello')).listen(7000, '${bridge.address}')`
  const server = await startDaemon(bridge.inside({ file: process.execPath, args: ['-e', program] }))
  try {
    await using guest = await bootGuest({ name: 'bridged', network: await bridge.port(11) })
    const read = (address: string): string => `timeout 10 bash -c 'cat < /dev/tcp/${address}/7000'`
    expect(await guest.output(read(bridge.address))).toBe('hello')
    await expect(guest.run(read('10.0.2.2'))).rejects.toThrow(/unreachable/)
    expect(await guest.output('ip -o -4 address show dev eth0')).toContain('10.77.0.11/24')
  } finally {
    await server.stop('SIGKILL', 0)
  }
})

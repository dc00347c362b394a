import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { commandAt, Host, pathAt } from '../../../src/initiators/open-iscsi/host-access.ts'

const LOGIN = { file: 'iscsiadm', args: ['--mode', 'node', '--login'] }

test('a command is run as it is, in the root of the host, or in the namespaces of a process', () => {
  expect(commandAt({ kind: 'direct' }, LOGIN)).toMatchObject(LOGIN)
  expect(commandAt({ kind: 'chroot', root: '/host' }, LOGIN)).toMatchObject({
    file: 'chroot',
    args: ['/host', 'iscsiadm', '--mode', 'node', '--login'],
  })
  expect(commandAt({ kind: 'nsenter', pid: 7 }, LOGIN)).toMatchObject({
    file: 'nsenter',
    args: ['--mount=/proc/7/ns/mnt', '--net=/proc/7/ns/net', '--', 'iscsiadm', '--mode', 'node', '--login'],
  })
})

test('files of the host are found where the commands find them', () => {
  expect(pathAt({ kind: 'direct' }, '/etc/iscsi')).toBe('/etc/iscsi')
  expect(pathAt({ kind: 'chroot', root: '/host' }, '/etc/iscsi')).toBe('/host/etc/iscsi')
  expect(pathAt({ kind: 'nsenter', pid: 7 }, '/etc/iscsi')).toBe('/proc/7/root/etc/iscsi')
})

test('an iscsid in a container of its own is found by its name, each time anew', async () => {
  const proc = await mkdtemp(join(tmpdir(), 'mooring-proc-'))
  onTestFinished(() => rm(proc, { recursive: true }))
  const host = new Host({ kind: 'nsenter', namespace: 'iscsid' }, proc)
  await expect(host.path('/etc')).rejects.toThrow(/iscsid does not run on this node/)
  for (const [pid, name] of [
    ['12', 'iscsid-helper'],
    ['34', 'iscsid'],
  ] as const) {
    await mkdir(join(proc, pid))
    await writeFile(join(proc, pid, 'comm'), `${name}\n`)
  }
  expect(await host.path('/etc')).toBe('/proc/34/root/etc')
})

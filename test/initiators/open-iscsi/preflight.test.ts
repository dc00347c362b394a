import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach, expect, onTestFinished, test } from 'vitest'
import type { Command, CommandResult } from '../../../src/host/exec.ts'
import { Kernel } from '../../../src/initiators/open-iscsi/kernel.ts'
import { preflight } from '../../../src/initiators/open-iscsi/preflight.ts'

const NAME = 'iqn.2026-01.storage.mooring.node:a'
const HEADER = 'sk               Eth Pid        Groups   Rmem     Wmem     Dump  Locks    Drops    Inode\n'
const KERNEL_SOCKET =
  '000000007a72a514 8   0          00000000 0        0        0     2        0        1429\n'
const PROCESS_SOCKET =
  '000000007a72a514 8   186        00000000 0        0        0     2        0        1429\n'

let root: string
let versions: Record<string, string>
let isThere: boolean

beforeEach(async () => {
  const made = await mkdtemp(join(tmpdir(), 'mooring-preflight-'))
  onTestFinished(() => rm(made, { recursive: true }))
  root = made
  await mkdir(join(root, 'class/iscsi_transport/tcp'), { recursive: true })
  await writeFile(join(root, 'netlink'), HEADER + KERNEL_SOCKET)
  versions = { iscsiadm: '2.1.8', iscsid: '2.1.8' }
  isThere = true
})

const faults = (): Promise<readonly string[]> =>
  preflight({
    host: {
      path: async (path) => path,
      run: async ({ file }: Command): Promise<CommandResult> => {
        if (versions[file] === undefined) throw new Error(`${file} could not be started`)
        return { exitCode: 0, stdout: `${file} version ${versions[file]}\n`, stderr: '' }
      },
    },
    kernel: new Kernel({ root }),
    initiatorName: NAME,
    netlinkTable: join(root, 'netlink'),
    isIscsidThere: async () => isThere,
  })

test('a sound node has no faults', async () => {
  expect(await faults()).toEqual([])
})

test('all that is missing is told at once', async () => {
  versions = {}
  isThere = false
  await rm(join(root, 'class/iscsi_transport'), { recursive: true })
  expect(await faults()).toEqual([
    expect.stringMatching(/^iscsiadm can not be run .*install open-iscsi/),
    expect.stringMatching(/has no iscsi_tcp/),
    expect.stringMatching(/^iscsid does not answer/),
  ])
})

test('versions that do not go together, and one that hangs, are told', async () => {
  versions = { iscsiadm: '2.1.12', iscsid: '2.1.8' }
  expect(await faults()).toEqual([expect.stringMatching(/2\.1\.12 and iscsid of 2\.1\.8/)])
  versions = { iscsiadm: '2.1.10', iscsid: '2.1.10' }
  expect(await faults()).toEqual([expect.stringMatching(/2\.1\.10 hangs/)])
})

test('a network namespace in which the kernel does no iSCSI is told', async () => {
  await writeFile(join(root, 'netlink'), HEADER + PROCESS_SOCKET)
  expect(await faults()).toEqual([expect.stringMatching(/network namespace is not the host's/)])
})

test('something else that is logged in under our name is told, with its target', async () => {
  const session = join(root, 'class/iscsi_session/session1')
  await mkdir(join(root, 'devices/host1/session1'), { recursive: true })
  await mkdir(session, { recursive: true })
  await symlink(join(root, 'devices/host1/session1'), join(session, 'device'))
  await writeFile(join(session, 'targetname'), 'iqn.other\n')
  await writeFile(join(session, 'ifacename'), 'default\n')
  await writeFile(join(session, 'initiatorname'), `${NAME}\n`)
  expect(await faults()).toEqual([expect.stringMatching(new RegExp(`logged in as ${NAME} .*iqn\\.other`))])
})

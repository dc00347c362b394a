import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { run } from '../../src/host/exec.ts'
import { tallyOf } from '../sanity/sanity.ts'
import { GuestSite } from './support/guest-site.ts'
import { createPathCommands } from './support/path-commands.ts'

/** The unmodified csi-sanity beside the node plugin of a guest, which it reaches over the network. */

const CSI_SANITY = resolve(import.meta.dirname, '../../.cache/bin/csi-sanity')
const SIZE_BYTES = 64 * 1024 ** 2
const LIMIT_MS = 1_500_000

let site: GuestSite
beforeAll(async () => {
  site = await GuestSite.start('sanity')
}, 600_000)
afterAll(() => site?.[Symbol.asyncDispose]())

test.each(['mount', 'block'])(
  "csi-sanity's node tests pass over the network, %s",
  { timeout: LIMIT_MS },
  async (access) => {
    const folder = await mkdtemp(join(tmpdir(), `mooring-guest-${process.pid}-`))
    try {
      await using paths = await createPathCommands(site.guest, folder)
      const report = join(folder, 'report.xml')
      const { create, remove, check } = paths.files
      const args = [
        `--csi.endpoint=dns:///${site.address}`,
        `--csi.controllerendpoint=unix://${site.deployment.controllerSocket}`,
        ...['--csi.mountdir=/root/node/sanity/mount', '--csi.stagingdir=/root/node/sanity/staging'],
        ...[`--csi.createmountpathcmd=${create}`, `--csi.createstagingpathcmd=${create}`],
        ...[`--csi.removemountpathcmd=${remove}`, `--csi.removestagingpathcmd=${remove}`],
        ...[`--csi.checkpathcmd=${check}`, '--csi.checkpathcmdtimeout=60s'],
        ...['--csi.createpathcmdtimeout=60s', '--csi.removepathcmdtimeout=60s'],
        `--csi.testvolumeaccesstype=${access}`,
        `--csi.testvolumesize=${SIZE_BYTES}`,
        ...['--ginkgo.focus=Node Service', '--ginkgo.no-color', `--ginkgo.junit-report=${report}`],
      ]
      const command = site.bridge.inside({ file: CSI_SANITY, args })
      const { stdout } = await run(command, { timeoutMs: LIMIT_MS, okCodes: [0, 1] })
      const { passed, failed } = tallyOf(await readFile(report, 'utf8'))
      expect(failed, `${stdout}\n${await site.nodeLog()}`).toBe(0)
      expect(passed).toBeGreaterThan(15)
      process.stdout.write(`csi-sanity in a guest, ${access}: ${passed} passed\n`)
    } finally {
      await rm(folder, { recursive: true })
    }
  },
)

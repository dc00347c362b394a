import { expect, test } from 'vitest'
import { startCli } from './harness.ts'

test('projects are made, listed, moved with what is in them, and deleted when they are empty', async () => {
  await using cli = await startCli()
  for (const path of ['/a', '/a/b', '/c']) await cli.run(`project create ${path}`)
  await cli.run('vg create db --project /a/b')
  expect(await cli.run('project create /no/parent')).toMatchObject({ code: 1, out: '' })
  const paths = async (options = '') => {
    const { out } = await cli.run(`project list --json ${options}`)
    return (JSON.parse(out) as { items: { path: string }[] }).items.map(({ path }) => path).sort()
  }
  expect(await paths()).toEqual(['/', '/a', '/a/b', '/c'])
  expect(await cli.run('project move /a /c/a')).toMatchObject({ code: 0 })
  expect(await paths('--under /c')).toEqual(['/c/a', '/c/a/b'])
  expect(await paths('--parent /c')).toEqual(['/c/a'])
  expect((await cli.run('vg show db')).out).toContain('project:     /c/a/b\n')
  expect(await cli.run('project delete /c/a/b --yes')).toMatchObject({
    code: 1,
    err: expect.stringContaining('PROJECT_NOT_EMPTY'),
  })
  await cli.run('vg move db /')
  expect(await cli.run('project delete /c/a/b --yes')).toMatchObject({ code: 0 })
  expect(await cli.run('project show /c/a/b')).toMatchObject({ code: 1 })
})

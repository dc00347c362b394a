import { expect, test } from 'vitest'
import { startCli, type TestCli } from './harness.ts'

async function withPolicy(cli: TestCli): Promise<void> {
  const policy =
    "policy create nightly --cron '0 2 * * *' --every 36h --newest 3 --daily 14 --minimum-kept 2 --lock 1d"
  for (const line of ['project create /a', 'vg create db --project /a', policy]) {
    expect(await cli.run(line)).toMatchObject({ code: 0 })
  }
}

test('create and update say all of a policy', async () => {
  await using cli = await startCli()
  await withPolicy(cli)
  expect((await cli.run('policy show nightly')).out).toContain(`\
what:        every 36h, 0 2 * * * UTC
keeps:       3 newest, 14 daily, at least 2
lock:        1d
`)
  expect((await cli.run('policy update nightly --every 2h --newest 5')).out).toContain(`\
what:        every 2h
keeps:       5 newest
lock:        -
`)
  const [policy] = (await cli.groups.listPolicies()).items
  expect(policy).toMatchObject({ kind: 'snapshot', schedules: [{ kind: 'interval', everyMs: 7_200_000 }] })
})

test('protection is a policy with a remote', async () => {
  await using cli = await startCli()
  expect((await cli.run('policy create far --remote site-b --rpo 15m --newest 3')).out).toContain(
    'what:        to site-b, at most 15m behind\n',
  )
})

test('a policy is set, found with where it comes from, overruled and taken away', async () => {
  await using cli = await startCli()
  await withPolicy(cli)
  const from = async () =>
    /snapshot: +(\S+)[^\n]*\nsnapshot from: +(\S+)/.exec((await cli.run('policy effective --vg db')).out)
  expect(await cli.run('policy assign nightly --on-project /a')).toMatchObject({ code: 0 })
  expect((await from())?.slice(1)).toEqual(['nightly:', '/a'])
  await cli.run('policy assign --none --kind snapshot --on-vg db')
  expect((await from())?.slice(1)).toEqual(['none', 'vg-00000000-0000-4000-8000-000000000001'])
  expect((await cli.run('policy assignments')).out.trim().split('\n')).toHaveLength(3)
  await cli.run('policy unassign --kind snapshot --on-vg db --yes')
  expect((await from())?.slice(1)).toEqual(['nightly:', '/a'])
  expect(await cli.run('policy delete nightly --yes')).toMatchObject({ code: 1 })
  await cli.run('policy unassign --kind snapshot --on-project /a --yes')
  expect(await cli.run('policy delete nightly --yes')).toMatchObject({ code: 0 })
})

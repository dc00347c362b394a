import { expect, test } from 'vitest'
import type { InitiatorId, Lease, VolumeGroups } from '../../../src/volumegroups/index.ts'
import { addDisk, addInitiator, attach, initiatorId, type Make, refused } from './helpers.ts'

export const renew = (groups: VolumeGroups, id: InitiatorId, boot = 'boot-1'): Promise<Lease> =>
  groups.renewLease({ initiatorId: id, instance: boot, host: `host-of-${boot}` })

export function leasesContract(make: Make): void {
  test('the status tells what a lease is, and a bound that is longer', async () => {
    await using made = await make()
    const { lease } = await made.groups.status()
    expect(lease.renewMs * 3).toBeLessThanOrEqual(lease.durationMs)
    expect(lease.boundMs).toBeGreaterThan(lease.durationMs + lease.marginMs + lease.fenceMs)
  })

  test('a renewal tells what the initiator holds, grant by grant', async () => {
    await using made = await make()
    const { groups } = made
    const [a, b] = [await addDisk(groups, 'a'), await addDisk(groups, 'b')]
    const { id } = await addInitiator(groups, 'n1')
    await addInitiator(groups, 'n2')
    const { durationMs, renewMs } = (await groups.status()).lease
    expect(await renew(groups, id)).toEqual({ initiatorId: id, durationMs, renewMs, holds: [] })
    const { grantedAt } = await attach(groups, a.id, 'n1')
    await attach(groups, b.id, 'n2')
    expect((await renew(groups, id)).holds).toEqual([{ diskId: a.id, grantedAt }])
    expect((await groups.connection(a.id, id)).grantedAt).toEqual(grantedAt)
    await groups.revoke(a.id, id)
    expect((await renew(groups, id)).holds).toEqual([])
  })

  test('another machine is refused while the lease of the first lives, and both are named', async () => {
    await using made = await make()
    const { groups } = made
    const { id } = await addInitiator(groups, 'n1')
    await renew(groups, id, 'boot-1')
    const names = /host-of-boot-1.*host-of-boot-2/
    const entity = { kind: 'initiator', id }
    await refused(renew(groups, id, 'boot-2'), 'LEASE_HELD', {
      message: expect.stringMatching(names),
      entity,
    })
    await renew(groups, id, 'boot-1')
  })

  test('a disk of a live initiator is not granted elsewhere, and the refusal says when it was heard of', async () => {
    await using made = await make()
    const { groups } = made
    const disk = await addDisk(groups, 'a')
    const { id } = await addInitiator(groups, 'n1')
    await addInitiator(groups, 'n2')
    await attach(groups, disk.id, 'n1')
    const never = { message: expect.stringMatching(/n1.*never heard of/) }
    await refused(attach(groups, disk.id, 'n2'), 'DISK_ATTACHED', never)
    await renew(groups, id)
    const last = { message: expect.stringMatching(/n1.*last heard of/) }
    await refused(attach(groups, disk.id, 'n2'), 'DISK_ATTACHED', last)
  })

  test('who renews must be registered, and say what it is', async () => {
    await using made = await make()
    const { groups } = made
    await refused(renew(groups, initiatorId('nobody')), 'INITIATOR_NOT_FOUND')
    const { id } = await addInitiator(groups, 'n1')
    const fields = ['instance', 'host'].map((field) => expect.objectContaining({ field }))
    const empty = groups.renewLease({ initiatorId: id, instance: '', host: '' })
    await refused(empty, 'INVALID_ARGUMENT', { violations: expect.arrayContaining(fields) })
  })
}

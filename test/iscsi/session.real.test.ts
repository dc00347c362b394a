import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { read16, write16 } from '../../src/iscsi/cdb.ts'
import { isidOf, type Offer, Session, type SessionOptions } from '../../src/iscsi/index.ts'
import { Lun } from '../../src/iscsi/lun.ts'
import { Tgtd } from '../support/tgtd.ts'

const IDENTITY = { serial: 'session-test', naa: '60014055a1b2c3d4e5f60718293a4b5c' }
const LUN = 1
const BLOCK = 512
const ACCOUNT = { user: 'initiator', secret: 'initiator-secret' }
const MUTUAL = { user: 'target', secret: 'secret-of-target' }

let tgtd: Tgtd
let targets = 0

beforeAll(async () => {
  tgtd = await Tgtd.start()
})
afterAll(() => tgtd?.[Symbol.asyncDispose]())

async function addTarget(
  parameters: Readonly<Record<string, string>> = {},
): Promise<{ name: string; tid: number }> {
  targets += 1
  const name = `iqn.2026-01.storage.mooring.test:session-${targets}`
  const tid = await tgtd.addTarget(name, parameters)
  await tgtd.addLun(tid, { lun: LUN, path: await tgtd.file(`lun-${targets}`, 16 * 1024 ** 2), ...IDENTITY })
  return { name, tid }
}

function login(targetName: string, more: Partial<SessionOptions> = {}): Promise<Session> {
  const portal = { address: '127.0.0.1', port: tgtd.port }
  const isid = isidOf(targetName)
  return Session.login({ portal, targetName, initiatorName: 'iqn.2026-01.test:initiator', isid, ...more })
}

/** Writes and reads sizes around every burst and segment boundary. */
async function checkData(session: Session): Promise<void> {
  await new Lun(session, LUN).ready()
  for (const blocks of [1, 7, 8, 9, 16, 63, 128, 600]) {
    const data = randomBytes(blocks * BLOCK)
    const lba = blocks * 3
    const written = await session.execute({ lun: LUN, cdb: write16(lba, blocks), dataOut: data })
    const back = Buffer.alloc(data.length)
    const got = await session.execute({ lun: LUN, cdb: read16(lba, blocks), dataIn: back })
    expect([written.status, got.status]).toEqual([0, 0])
    expect(back.equals(data)).toBe(true)
  }
}

const both = [true, false]
const SMALL = { first: 4096, burst: 8192, segment: 1024 }
const LARGE = { first: 65536, burst: 262144, segment: 262144 }
const combinations = both.flatMap((headerDigest) =>
  both.flatMap((dataDigest) =>
    both.flatMap((initialR2t) =>
      both.flatMap((immediateData) =>
        [SMALL, LARGE].map((sizes) => ({ headerDigest, dataDigest, initialR2t, immediateData, ...sizes })),
      ),
    ),
  ),
)

test.each(combinations)(
  'digests $headerDigest/$dataDigest, InitialR2T $initialR2t, ImmediateData $immediateData, bursts $first/$burst/$segment',
  async ({ headerDigest, dataDigest, initialR2t, immediateData, first, burst, segment }) => {
    const yesNo = (value: boolean) => (value ? 'Yes' : 'No')
    const digest = (value: boolean) => (value ? 'CRC32C' : 'None')
    const { name, tid } = await addTarget({
      HeaderDigest: digest(headerDigest),
      DataDigest: digest(dataDigest),
      InitialR2T: yesNo(initialR2t),
      ImmediateData: yesNo(immediateData),
      FirstBurstLength: String(first),
      MaxBurstLength: String(burst),
      MaxRecvDataSegmentLength: String(segment),
      MaxXmitDataSegmentLength: String(segment),
    })
    const session = await login(name, { offer: { headerDigest, dataDigest } })
    try {
      expect(session.parameters).toMatchObject({
        headerDigest,
        dataDigest,
        initialR2t,
        immediateData,
        firstBurstBytes: first,
        maxBurstBytes: burst,
        maxSendBytes: segment,
      } satisfies Partial<Offer> & { maxSendBytes: number })
      await checkData(session)
    } finally {
      await session.logout()
      await tgtd.removeTarget(tid)
    }
  },
)

test('what this side offers less of, it gets less of', async () => {
  const { name } = await addTarget({ InitialR2T: 'No', MaxXmitDataSegmentLength: '262144' })
  const offer = {
    initialR2t: true,
    immediateData: false,
    firstBurstBytes: 512,
    maxBurstBytes: 1024,
    maxReceiveBytes: 512,
  }
  const session = await login(name, { offer })
  expect(session.parameters).toMatchObject(offer)
  await checkData(session)
  await session.logout()
})

test.each([
  ['one-way', undefined],
  ['mutual', MUTUAL],
])('CHAP %s', async (_, mutual) => {
  const { name, tid } = await addTarget()
  await tgtd.addAccount(tid, { ...ACCOUNT, user: `${ACCOUNT.user}-${tid}` })
  await tgtd.addAccount(tid, { ...MUTUAL, user: `${MUTUAL.user}-${tid}`, outgoing: true })
  const chap = {
    user: `${ACCOUNT.user}-${tid}`,
    secret: ACCOUNT.secret,
    mutual: mutual && { ...mutual, user: `${mutual.user}-${tid}` },
  }
  const session = await login(name, { chap })
  await checkData(session)
  await session.logout()

  const wrong = { ...chap, secret: 'not-the-secret-at-all' }
  await expect(login(name, { chap: wrong })).rejects.toMatchObject({ code: 'auth_failed' })
  await expect(login(name)).rejects.toMatchObject({ code: 'auth_failed' })
  if (chap.mutual) {
    const impostor = { ...chap, mutual: { ...chap.mutual, secret: 'what-target-lacks' } }
    await expect(login(name, { chap: impostor })).rejects.toMatchObject({ code: 'auth_failed' })
  }
})

test.each([[[5]], [[5, 6, 7]], [[6, 5]]] as const)('CHAP with the algorithms %o', async (algorithms) => {
  const { name, tid } = await addTarget()
  const user = `${ACCOUNT.user}-${tid}`
  await tgtd.addAccount(tid, { ...ACCOUNT, user })
  const session = await login(name, { chap: { user, secret: ACCOUNT.secret, algorithms } })
  await session.logout()
})

test('tgt takes 7, which is SHA256, for SHA1: a list that starts with it ends in a typed error', async () => {
  const { name, tid } = await addTarget()
  const user = `${ACCOUNT.user}-${tid}`
  await tgtd.addAccount(tid, { ...ACCOUNT, user })
  const chap = { user, secret: ACCOUNT.secret, algorithms: [7, 5] } as const
  await expect(login(name, { chap })).rejects.toMatchObject({ code: 'login_refused', loginStatus: 0x0200 })
})

test('a target that does not exist', async () => {
  const error = { code: 'target_not_found', loginStatus: 0x0203 }
  await expect(login('iqn.2026-01.storage.mooring.test:none')).rejects.toMatchObject(error)
})

test('a new session with the same ISID takes the place of the old one', async () => {
  const { name } = await addTarget()
  const ended = Promise.withResolvers<unknown>()
  await login(name, { onEnd: ended.resolve })
  const second = await login(name)
  expect(await ended.promise).toMatchObject({ code: 'connection_lost' })
  await checkData(second)
  await second.logout()
})

test('a LUN reset waits for what is under way, and commands go on after it', async () => {
  const { name } = await addTarget()
  const session = await login(name)
  await new Lun(session, LUN).ready()
  const data = randomBytes(16 * BLOCK) // no R2T: tgt does not reset commands that still wait for data
  const writes = Array.from({ length: 16 }, () => {
    return session.execute({ lun: LUN, cdb: write16(0, 16), dataOut: data }).catch((error) => error)
  })
  await session.resetLun(LUN)
  for (const result of await Promise.all(writes))
    expect(result.code ?? result.status).toBeOneOf([0, 'command_aborted'])
  await checkData(session)
  await session.logout()
})

test('the LUNs of a target', async () => {
  const { name } = await addTarget()
  const session = await login(name)
  expect(await new Lun(session, LUN).siblings()).toEqual([0, LUN])
  await session.logout()
})

test('a ping keeps an idle session alive', async () => {
  const { name } = await addTarget()
  const session = await login(name, { timeouts: { pingAfterMs: 20, pingMs: 1000 } })
  await new Promise((resolve) => setTimeout(resolve, 300))
  await checkData(session)
  await session.logout()
})

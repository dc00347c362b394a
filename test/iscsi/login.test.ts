import { setTimeout as delay } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { chapResponse } from '../../src/iscsi/chap.ts'
import { isidOf, Session, type SessionOptions } from '../../src/iscsi/index.ts'
import { type Peer, type Script, ScriptedTarget } from '../fakes/scripted-target.ts'

const keysOf = (data: Buffer): Map<string, string> => {
  const items = data.toString().split('\0').filter(Boolean)
  return new Map(items.map((item) => [item.slice(0, item.indexOf('=')), item.slice(item.indexOf('=') + 1)]))
}

async function logIn(script: Script, options: Partial<SessionOptions> = {}): Promise<Session> {
  await using target = await ScriptedTarget.start(script)
  const session = await Session.login({
    portal: target.portal,
    targetName: 'iqn.test:target',
    initiatorName: 'iqn.test:initiator',
    isid: isidOf('test'),
    timeouts: { loginMs: 2000 },
    ...options,
  })
  session.destroy()
  return session
}

/** The error with which a login ends. */
async function failure(script: Script, options: Partial<SessionOptions> = {}): Promise<unknown> {
  return logIn(script, options).then(
    () => expect.unreachable('the login succeeded'),
    (error) => error,
  )
}

test('says who it is, then negotiates, and takes the answers', async () => {
  const session = await logIn(async (peer) => {
    const first = await peer.expect(0x03)
    expect(keysOf(first.data)).toEqual(
      new Map([
        ['InitiatorName', 'iqn.test:initiator'],
        ['SessionType', 'Normal'],
        ['TargetName', 'iqn.test:target'],
        ['AuthMethod', 'None'],
      ]),
    )
    expect(first.bhs[1]).toBe(0x81)
    peer.loginReply(first, 'AuthMethod=None')
    const second = await peer.expect(0x03)
    expect(second.bhs[1]).toBe(0x87)
    expect(second.bhs.readUInt32BE(28)).toBe(peer.statSn)
    peer.loginReply(second, 'InitialR2T=Yes MaxRecvDataSegmentLength=512 TargetAlias=x')
  })
  expect(session.parameters).toMatchObject({ initialR2t: true, maxSendBytes: 512 })
})

test('answers keys that it does not know with NotUnderstood', async () => {
  await logIn(async (peer) => {
    peer.loginReply(await peer.expect(0x03), 'AuthMethod=None')
    peer.loginReply(await peer.expect(0x03), 'X-test=1 IFMarker=No', { flags: 0x04 })
    const again = await peer.expect(0x03)
    expect([...keysOf(again.data)]).toEqual([
      ['X-test', 'NotUnderstood'],
      ['IFMarker', 'NotUnderstood'],
    ])
    peer.loginReply(again, '')
  })
})

test('collects an answer that comes in several PDUs', async () => {
  const session = await logIn(async (peer) => {
    peer.loginReply(await peer.expect(0x03), 'AuthMethod=None')
    const request = await peer.expect(0x03)
    peer.loginReply(request, '', { flags: 0x44, data: Buffer.from('MaxBurstLen') })
    const more = await peer.expect(0x03)
    expect(more.data).toHaveLength(0)
    expect(more.bhs[1]! & 0xc0).toBe(0)
    peer.loginReply(more, '', { flags: 0x87, data: Buffer.from('gth=4096\0') })
  })
  expect(session.parameters.maxBurstBytes).toBe(4096)
})

test('sends text that is too long for one PDU in several', async () => {
  const targetName = `iqn.test:${'x'.repeat(9000)}`
  const script: Script = async (peer) => {
    const first = await peer.expect(0x03)
    expect(first.data).toHaveLength(8192)
    expect(first.bhs[1]! & 0xc0).toBe(0x40)
    peer.loginReply(first, '', { flags: 0x00 })
    const rest = await peer.expect(0x03)
    expect(rest.bhs[1]! & 0xc0).toBe(0x80)
    expect(keysOf(Buffer.concat([first.data, rest.data])).get('TargetName')).toBe(targetName)
    peer.loginReply(rest, 'AuthMethod=None')
    peer.loginReply(await peer.expect(0x03), '')
  }
  await logIn(script, { targetName })
})

const chap = { user: 'me', secret: 'a-secret-of-16-b', mutual: { user: 'them', secret: 'their-secret-word' } }

async function chapTarget(peer: Peer, ownSecret: string): Promise<void> {
  const first = await peer.expect(0x03)
  expect(keysOf(first.data).get('AuthMethod')).toBe('CHAP')
  peer.loginReply(first, 'AuthMethod=CHAP', { flags: 0 })
  const offer = await peer.expect(0x03)
  expect(keysOf(offer.data).get('CHAP_A')).toBe('5,6,7')
  peer.loginReply(offer, 'CHAP_A=7 CHAP_I=9 CHAP_C=0x0102030405', { flags: 0 })
  const answer = await peer.expect(0x03)
  const keys = keysOf(answer.data)
  const expected = chapResponse(7, 9, chap.secret, Buffer.from('0102030405', 'hex'))
  expect(keys.get('CHAP_R')).toBe(`0x${expected.toString('hex')}`)
  const challenge = Buffer.from(keys.get('CHAP_C')!.slice(2), 'hex')
  const proof = chapResponse(7, Number(keys.get('CHAP_I')), ownSecret, challenge)
  peer.loginReply(answer, `CHAP_N=them CHAP_R=0x${proof.toString('hex')}`)
  peer.loginReply(await peer.expect(0x03), '')
}

test('mutual CHAP', async () => {
  await logIn((peer) => chapTarget(peer, chap.mutual.secret), { chap })
})

test('mutual CHAP with a target that does not know the secret', async () => {
  expect(await failure((peer) => chapTarget(peer, 'guessed'), { chap })).toMatchObject({
    code: 'auth_failed',
  })
})

test('does not log in to a target that drops CHAP', async () => {
  const error = await failure(async (peer) => peer.loginReply(await peer.expect(0x03), 'AuthMethod=None'), {
    chap,
  })
  expect(error).toMatchObject({ code: 'auth_failed' })
})

test.each([
  [0x0201, 'auth_failed'],
  [0x0202, 'not_authorized'],
  [0x0203, 'target_not_found'],
  [0x0206, 'login_refused'],
  [0x0301, 'target_busy'],
  [0x0700, 'login_refused'],
])('status %i is %s', async (status, code) => {
  const error = await failure(async (peer) => {
    peer.loginReply(await peer.expect(0x03), '', { bytes: { 36: status >> 8, 37: status & 0xff } })
  })
  expect(error).toMatchObject({ code, loginStatus: status })
})

test('follows a redirect', async () => {
  await using real = await ScriptedTarget.start((peer) => peer.login())
  const session = await logIn(async (peer) => {
    const address = `TargetAddress=127.0.0.1:${real.portal.port},1`
    peer.loginReply(await peer.expect(0x03), address, { bytes: { 36: 1, 37: 1 } })
  })
  expect(real.connections).toBe(1)
  expect(session.parameters.maxSendBytes).toBe(262144)
})

test('does not follow redirects for ever', async () => {
  const script: Script = async (peer) => {
    const address = `TargetAddress=127.0.0.1:${peer.socket.localPort}`
    peer.loginReply(await peer.expect(0x03), address, { bytes: { 36: 1, 37: 2 } })
  }
  expect(await failure(script)).toMatchObject({ code: 'too_many_redirects' })
})

const reply = (fields: Parameters<Peer['loginReply']>[2], keys = ''): Script => {
  return async (peer) => peer.loginReply(await peer.expect(0x03), keys, fields)
}

test.each<[string, string, Script]>([
  ['closes at once', 'connection_lost', async (peer) => peer.close()],
  [
    'closes in the middle of a PDU',
    'connection_lost',
    async (peer) => {
      await peer.next()
      peer.socket.end(Buffer.alloc(20, 0x23))
    },
  ],
  ['says nothing', 'timed_out', async (peer) => peer.closed()],
  ['answers with another PDU', 'protocol_error', reply({ opcode: 0x25 })],
  ['rejects', 'rejected', reply({ opcode: 0x3f })],
  ['answers for another ISID', 'protocol_error', reply({ bytes: { 9: 0xee, 10: 0xee } })],
  ['answers for another stage', 'protocol_error', reply({ flags: 0x87 })],
  ['skips a stage', 'protocol_error', reply({ flags: 0x83 })],
  ['continues and ends at once', 'protocol_error', reply({ flags: 0xc1 })],
  ['sends text without end mark', 'protocol_error', reply({ data: Buffer.from('AuthMethod=None') })],
  ['sends text without value', 'protocol_error', reply({}, 'AuthMethod')],
  ['sends a key twice', 'protocol_error', reply({}, 'AuthMethod=None AuthMethod=None')],
  ['redirects to nowhere', 'protocol_error', reply({ bytes: { 36: 1, 37: 1 } }, 'TargetAddress=[::')],
  [
    'announces 16 MiB',
    'limit_exceeded',
    async (peer) => {
      await peer.next()
      const bhs = peer.encode({ opcode: 0x23 })
      bhs.writeUIntBE(0xffffff, 5, 3)
      peer.raw(bhs)
    },
  ],
  [
    'never stops asking',
    'protocol_error',
    async (peer) => {
      for (;;) peer.loginReply(await peer.expect(0x03), '', { flags: 0 })
    },
  ],
  [
    'never stops its text',
    'limit_exceeded',
    async (peer) => {
      for (;;) peer.loginReply(await peer.expect(0x03), '', { flags: 0x40, data: Buffer.alloc(8000, 0x61) })
    },
  ],
  [
    'skips a StatSN',
    'protocol_error',
    async (peer) => {
      peer.loginReply(await peer.expect(0x03), 'AuthMethod=None')
      peer.statSn += 1
      peer.loginReply(await peer.expect(0x03), '')
    },
  ],
])('a target that %s: %s', async (_, code, script) => {
  expect(await failure(script, { timeouts: { loginMs: 500 } })).toMatchObject({ code })
})

test('an unreachable portal', async () => {
  const target = await ScriptedTarget.start(async () => {})
  const { portal } = target
  await target[Symbol.asyncDispose]()
  const login = Session.login({ portal, targetName: 't', initiatorName: 'i', isid: isidOf('x') })
  await expect(login).rejects.toMatchObject({ code: 'connect_failed' })
})

test('can be cancelled', async () => {
  const controller = new AbortController()
  const script: Script = async (peer) => {
    await peer.next()
    controller.abort()
    await delay(10)
  }
  expect(await failure(script, { signal: controller.signal })).toMatchObject({ code: 'closed' })
})

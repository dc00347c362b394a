import { Type } from 'typebox'
import type { MadeToken, Role, Token, TokenId, TokenSpec } from '../../volumegroups/index.ts'
import { describe } from './calls.ts'
import { initiatorId } from './initiators.ts'
import { project } from './projects.ts'
import { decodesTo, id, listQuery, newName, pageOf, request, time } from './wire.ts'

const tokenId = () => id<TokenId>('token', 'a token')
const ROLES = ['viewer', 'node', 'provisioner', 'operator', 'admin'] as const satisfies Role[]

const fields = {
  role: Type.Enum([...ROLES]),
  project: project(),
  initiatorId: Type.Optional(initiatorId()),
  label: newName(undefined, { description: 'For people: whose it is.' }),
  expiresAt: Type.Optional(time()),
}

const TokenRequest = decodesTo<TokenSpec>()(request(fields, { title: 'TokenRequest' }))

export const TokenSchema = decodesTo<Token>()(
  Type.Object({ id: tokenId(), ...fields, createdAt: time() }, { title: 'Token' }),
)

const MadeTokenSchema = decodesTo<MadeToken>()(
  Type.Object(
    {
      token: TokenSchema,
      secret: Type.Optional(
        Type.String({ description: 'The bearer token. Told in the first answer, and never again.' }),
      ),
    },
    { title: 'MadeToken' },
  ),
)

export const tokenCalls = {
  createToken: describe({
    method: 'POST',
    path: '/tokens',
    summary: 'Makes a token for a project and a role.',
    body: TokenRequest,
    answer: MadeTokenSchema,
  }),
  listTokens: describe({
    method: 'GET',
    path: '/tokens',
    summary: 'Lists tokens, without their secrets.',
    query: listQuery({}),
    answer: pageOf(TokenSchema, 'Token'),
  }),
  revokeToken: describe({
    method: 'DELETE',
    path: '/tokens/:tokenId',
    summary: 'Ends a token: the next call with it is refused. No error when it is gone.',
    params: Type.Object({ tokenId: tokenId() }),
  }),
}

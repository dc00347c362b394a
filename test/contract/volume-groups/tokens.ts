import { expect, test } from 'vitest'
import { type TokenSpec, tokenIds } from '../../../src/volumegroups/index.ts'
import { initiatorId, type Make, refused } from './helpers.ts'

export const tokenSpec = (more: Partial<TokenSpec> = {}): TokenSpec => ({
  ...{ role: 'viewer', project: '/', initiatorId: undefined, label: 'a person', expiresAt: undefined },
  ...more,
})

export function tokensContract(make: Make): void {
  test('a token tells its secret once, is listed without it, and is revoked', async () => {
    await using made = await make()
    const { groups } = made
    await groups.createProject('/a')
    const expiresAt = new Date(Date.now() + 3_600_000)
    const { token, secret } = await groups.createToken(
      tokenSpec({ role: 'operator', project: '/a', expiresAt }),
    )
    expect(token).toMatchObject({ role: 'operator', project: '/a', label: 'a person', expiresAt })
    expect(tokenIds.is(token.id)).toBe(true)
    expect(secret).toMatch(/^\S{32,}$/)
    const { items } = await groups.listTokens()
    expect(items).toEqual([token])
    expect(JSON.stringify(items)).not.toContain(secret)
    const { items: projects } = await groups.listProjects({ path: '/a' })
    await refused(groups.deleteProject(projects[0]!.id), 'PROJECT_NOT_EMPTY')
    await groups.revokeToken(token.id)
    await groups.revokeToken(token.id)
    expect((await groups.listTokens()).items).toEqual([])
  })

  test('a token is for a project that exists, a node for its initiator, and not for the past', async () => {
    await using made = await make()
    const { groups } = made
    await refused(groups.createToken(tokenSpec({ project: '/a' })), 'PROJECT_NOT_FOUND')
    await refused(groups.createToken(tokenSpec({ role: 'node' })), 'INVALID_ARGUMENT')
    await refused(groups.createToken(tokenSpec({ initiatorId: initiatorId('n') })), 'INVALID_ARGUMENT')
    await refused(groups.createToken(tokenSpec({ expiresAt: new Date(0) })), 'INVALID_ARGUMENT')
    const { token } = await groups.createToken(tokenSpec({ role: 'node', initiatorId: initiatorId('n') }))
    expect(token.initiatorId).toBe('n')
  })
}

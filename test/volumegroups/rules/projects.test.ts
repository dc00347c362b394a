import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Violations } from '../../../src/volumegroups/index.ts'
import { ancestryOf } from '../../../src/volumegroups/policies/effective.ts'
import {
  checkNewProject,
  depthOf,
  isWithin,
  movedPath,
  parentOf,
} from '../../../src/volumegroups/rules/projects.ts'

const paths = fc
  .array(fc.stringMatching(/^[a-b.]{1,3}$/), { maxLength: 4 })
  .map((names) => `/${names.join('/')}`)

test('a project is within those that it comes through on the way up, and no others', () => {
  fc.assert(
    fc.property(paths, paths, (path, other) => {
      expect(isWithin(path, other)).toBe(ancestryOf(path).includes(other))
    }),
  )
})

test('what is in a project stays at the same place in it when it moves', () => {
  fc.assert(
    fc.property(paths, paths, paths, (from, inside, to) => {
      fc.pre(from !== '/' && inside !== '/' && to !== '/')
      expect(movedPath(`${from}${inside}`, from, to)).toBe(`${to}${inside}`)
      expect(movedPath(from, from, to)).toBe(to)
    }),
  )
})

test('each parent is one less deep, up to the root', () => {
  expect([parentOf('/'), depthOf('/')]).toEqual([undefined, 0])
  expect([parentOf('/a'), depthOf('/a')]).toEqual(['/', 1])
  expect([parentOf('/a/b'), depthOf('/a/b')]).toEqual(['/a', 2])
})

test.each(['/', '/-a', '/a/.', '/a/..', `/${'x'.repeat(64)}`, '/a'.repeat(17)])('%s is not made', (path) => {
  const faults = new Violations()
  checkNewProject(faults, path)
  expect(() => faults.throwIfAny()).toThrow(expect.objectContaining({ reason: 'INVALID_ARGUMENT' }))
})

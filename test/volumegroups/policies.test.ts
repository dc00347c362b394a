import { describe, expect, test } from 'vitest'
import { yearOfGroup } from '../support/policy-year.ts'

/** Each runs every kind of policy at other times; test/bench/policy-year.ts runs 1,000. */
const GROUPS = 10

describe('a year of schedules, with an outage', () => {
  test.each(Array.from({ length: GROUPS }, (_, index) => index))('group %i has what is promised', (index) => {
    const { left, promised, made } = yearOfGroup(index * 61)
    expect(left).toEqual(promised)
    expect(left.length).toBeGreaterThan(5)
    expect(made.length).toBeGreaterThan(left.length)
  })
})

import { beforeEach, describe, expect, test } from 'vitest'
import { Slots } from '../../../../src/initiators/userspace/keeper/slots.ts'

describe('the slots of a worker', () => {
  let closed: number[]
  let slots: Slots

  beforeEach(() => {
    closed = []
    slots = new Slots([20, 21, 22], (fd) => closed.push(fd))
  })

  test('are taken one after another, until there is none', () => {
    expect([slots.take(), slots.take(), slots.take(), slots.take()]).toEqual([0, 1, 2, undefined])
    expect(slots.fdOf(1)).toBe(21)
    expect([slots.free, slots.taken]).toEqual([0, 3])
  })

  test('can be taken again when nothing was mounted, and not when something was', () => {
    const [first, second] = [slots.take() as number, slots.take() as number]
    slots.release(first)
    slots.spend(second)
    expect(closed).toEqual([21])
    expect([slots.take(), slots.take(), slots.take()]).toEqual([0, 2, undefined])
  })

  test('are renewed for the next process, those in use stay as they are', () => {
    slots.take()
    slots.spend(slots.take() as number)
    expect(slots.reserve(() => 99)).toEqual([20, 99, 22])
    expect([slots.free, slots.taken]).toEqual([1, 1])
    slots.renew()
    expect([slots.free, slots.taken]).toEqual([2, 1])
  })

  test('are not lost when the next process does not start, and not renewed when spent after it did', () => {
    const [first, second] = [slots.take() as number, slots.take() as number]
    slots.spend(first)
    slots.reserve(() => 99)
    slots.spend(second)
    slots.renew()
    expect([slots.take(), slots.take(), slots.take()]).toEqual([0, 2, undefined])
    slots.spend(0)
    slots.reserve(() => 100)
    expect(slots.reserve(() => 101)).toEqual([100, 100, 22])
  })

  test('are closed at the end, each once', () => {
    slots.spend(slots.take() as number)
    slots.take()
    slots.closeAll()
    expect(closed.toSorted()).toEqual([20, 21, 22])
    expect([slots.free, slots.taken]).toEqual([0, 0])
  })

  test('are not given back twice', () => {
    const index = slots.take() as number
    slots.release(index)
    expect(() => slots.release(index)).toThrow('slot 0 is free')
    expect(() => slots.spend(index)).toThrow('slot 0 is free')
    expect(() => slots.fdOf(index)).toThrow('slot 0 is free')
  })
})

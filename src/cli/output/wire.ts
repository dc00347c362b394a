import type { CallName } from '../../endpoints/element/answers.ts'
import type { Page } from '../../volumegroups/index.ts'

/** How things are written as JSON: in the words of the API, so that a script can change from one to the other. */
export interface ToWire<Item> {
  one(item: Item): Promise<unknown>
  page(page: Page<Item>): Promise<unknown>
}

/** As the call that gives one of them, and the one that lists them, answer. */
export const answersOf = <Item>(show: CallName, list: CallName): ToWire<Item> => ({
  one: (item) => encode(show, item),
  page: (page) => encode(list, page),
})

/** The API's schemas are large, and loaded only where they are needed. */
export async function encode(call: CallName, answer: unknown): Promise<unknown> {
  const { answerOnWire } = await import('../../endpoints/element/answers.ts')
  return answerOnWire(call, answer)
}

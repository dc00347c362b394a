import { isDeepStrictEqual } from 'node:util'
import { yearOfGroup } from '../support/policy-year.ts'

/** A year of schedules over 1,000 groups must end with exactly the points that their policies promise. */
const GROUPS = 1000

let [made, left, wrong] = [0, 0, 0]
const startedMs = performance.now()
for (let index = 0; index < GROUPS; index += 1) {
  const year = yearOfGroup(index)
  made += year.made.length
  left += year.left.length
  if (!isDeepStrictEqual(year.left, year.promised)) wrong += 1
}
const seconds = ((performance.now() - startedMs) / 1000).toFixed(1)
process.stdout.write(
  `${GROUPS} groups, one year: ${made} points made, ${left} left, ${wrong} groups not as promised, ${seconds} s\n`,
)
process.exitCode = wrong === 0 ? 0 : 1

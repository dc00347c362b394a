/** Numbers from 0 to 1 that are the same for the same seed (a 32-bit linear congruential generator's high bits). */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}

/** A whole number below the limit. */
export const below = (random: () => number, limit: number): number => Math.floor(random() * limit)

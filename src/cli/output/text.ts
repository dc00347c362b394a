/** Text as a terminal shows it. */

const WIDE = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Emoji_Presentation}]/u
const letters = new Intl.Segmenter()

/** Nothing that another person chose can move the cursor or colour the terminal. */
export const withoutControls = (text: string): string => text.replaceAll(/\p{Cc}/gu, '\ufffd')

const lettersOf = (text: string): string[] => Array.from(letters.segment(text), ({ segment }) => segment)

const widthOfLetter = (letter: string): number => (WIDE.test(letter) ? 2 : 1)

/** How many columns it takes. */
export function widthOf(text: string): number {
  return lettersOf(text).reduce((sum, letter) => sum + widthOfLetter(letter), 0)
}

/** The text, or its beginning with an ellipsis, in no more than so many columns. */
export function shorten(text: string, width: number): string {
  if (widthOf(text) <= width) return text
  let kept = ''
  let left = width - 1
  for (const letter of lettersOf(text)) {
    left -= widthOfLetter(letter)
    if (left < 0) break
    kept += letter
  }
  return `${kept}…`
}

/** Filled up with spaces to so many columns. */
export function pad(text: string, width: number, align: 'left' | 'right'): string {
  const space = ' '.repeat(Math.max(0, width - widthOf(text)))
  return align === 'left' ? `${text}${space}` : `${space}${text}`
}

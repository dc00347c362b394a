import type { CommandTree, OptionNode } from './tree.ts'

/** The `case` patterns that bash and zsh have in common. */

/** Every path that is a command. */
export const pathsOf = ({ commands }: CommandTree): string =>
  commands
    .filter(({ path }) => path !== '')
    .map(({ path }) => `'${path}'`)
    .join('|')

export interface ValueActions {
  readonly choice: (words: string) => string
  readonly file: string
}

/** What to do behind an option that takes a value. */
export function valueCases({ commands, everywhere }: CommandTree, actions: ValueActions): string {
  const lines = [
    ...commands.flatMap(({ path, options }) =>
      options.map((option) => lineOf(`'${path}|${option.word}'`, option, actions)),
    ),
    ...everywhere.map((option) => lineOf(`*'|${option.word}'`, option, actions)),
  ]
  return lines.filter((line) => line !== '').join('\n')
}

function lineOf(pattern: string, { value }: OptionNode, { choice, file }: ValueActions): string {
  if (value.kind === 'none') return ''
  if (value.kind === 'free') return `    ${pattern}) return ;;`
  const action = value.kind === 'choice' ? choice(value.choices.join(' ')) : file
  return `    ${pattern}) ${action}; return ;;`
}

import type { CommandNode } from './tree.ts'

/** The `case` patterns that bash and zsh have in common. */

/** Every path that is a command. */
export const pathsOf = (commands: readonly CommandNode[]): string =>
  commands
    .filter(({ path }) => path !== '')
    .map(({ path }) => `'${path}'`)
    .join('|')

export interface ValueActions {
  readonly choice: (words: string) => string
  readonly file: string
}

/** What to do behind an option that takes a value. */
export function valueCases(commands: readonly CommandNode[], { choice, file }: ValueActions): string {
  const lines = commands.flatMap(({ path, options }) =>
    options.map(({ word, value }) => {
      if (value.kind === 'none') return ''
      const pattern = `    '${path}|${word}')`
      if (value.kind === 'free') return `${pattern} return ;;`
      const action = value.kind === 'choice' ? choice(value.choices.join(' ')) : file
      return `${pattern} ${action}; return ;;`
    }),
  )
  return lines.filter((line) => line !== '').join('\n')
}

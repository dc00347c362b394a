import { pathsOf, valueCases } from './cases.ts'
import type { CommandNode, CommandTree, Suggestion } from './tree.ts'

/** A completion script for zsh. */
export function zshScript(tree: CommandTree): string {
  const { program, everywhere, commands } = tree
  return `#compdef ${program}
# Completion for zsh. Load it with: source <(${program} completion zsh)
_${program}() {
  local before=\${words[CURRENT-1]} at='' word
  local -a found flags
  local -a everywhere=(${listOf(everywhere)})
  for word in "\${(@)words[2,CURRENT-1]}"; do
    case "\${at:+$at }$word" in
      ${pathsOf(tree)}) at="\${at:+$at }$word" ;;
    esac
  done
  case "$at|$before" in
${valueCases(tree, VALUES)}
  esac
  case "$at" in
${commands.map(wordsOf).join('\n')}
  esac
  (( $#found )) && _describe -t commands command found
  flags+=($everywhere)
  _describe -o option flags
}
compdef _${program} ${program}
`
}

const VALUES = { choice: (words: string) => `compadd -- ${words}`, file: '_files' }

const wordsOf = ({ path, words, options }: CommandNode): string =>
  `    '${path}') found=(${listOf(words)}) flags=(${listOf(options)}) ;;`

const listOf = (suggestions: readonly Suggestion[]): string => suggestions.map(described).join(' ')

/** `word:what it does`; a quote in it ends the quoting, stands alone, and starts it again. */
const described = ({ word, about }: Suggestion): string =>
  `'${word}:${about.replaceAll(/[\\:]/g, '\\$&').replaceAll("'", "'\\''")}'`

import { pathsOf, valueCases } from './cases.ts'
import type { CommandNode, Suggestion } from './tree.ts'

/** A completion script for zsh. */
export function zshScript(program: string, commands: readonly CommandNode[]): string {
  return `#compdef ${program}
# Completion for zsh. Load it with: source <(${program} completion zsh)
_${program}() {
  local before=\${words[CURRENT-1]} at='' word
  local -a found flags
  for word in "\${(@)words[2,CURRENT-1]}"; do
    case "\${at:+$at }$word" in
      ${pathsOf(commands)}) at="\${at:+$at }$word" ;;
    esac
  done
  case "$at|$before" in
${valueCases(commands, VALUES)}
  esac
  case "$at" in
${commands.map(wordsOf).join('\n')}
  esac
  (( $#found )) && _describe -t commands command found
  _describe -o option flags
}
compdef _${program} ${program}
`
}

const VALUES = { choice: (words: string) => `compadd -- ${words}`, file: '_files' }

function wordsOf({ path, words, options }: CommandNode): string {
  return `    '${path}') found=(${words.map(described).join(' ')}) flags=(${options.map(described).join(' ')}) ;;`
}

/** `word:what it does`; a quote in it ends the quoting, stands alone, and starts it again. */
const described = ({ word, about }: Suggestion): string =>
  `'${word}:${about.replaceAll(/[\\:]/g, '\\$&').replaceAll("'", "'\\''")}'`

import type { Command, Option } from 'commander'

/** What can follow an option: nothing, one of these, a file, or something that can't be guessed. */
export type OptionValue =
  | { readonly kind: 'none' }
  | { readonly kind: 'file' }
  | { readonly kind: 'free' }
  | { readonly kind: 'choice'; readonly choices: readonly string[] }

export interface Suggestion {
  readonly word: string
  readonly about: string
}

export interface OptionNode extends Suggestion {
  readonly value: OptionValue
}

/** One command, as a completion script needs to know it. */
export interface CommandNode {
  /** The words that lead to it: `disk list`; of the program itself: none. */
  readonly path: string
  /** What can follow: commands, or the choices of its first argument. */
  readonly words: readonly Suggestion[]
  readonly options: readonly OptionNode[]
}

/** All that can be written. */
export interface CommandTree {
  readonly program: string
  /** The program's options, good everywhere. */
  readonly everywhere: readonly OptionNode[]
  readonly commands: readonly CommandNode[]
}

export function treeOf(program: Command): CommandTree {
  const { words } = nodeOf(program, '')
  return {
    program: program.name(),
    everywhere: [...program.options.flatMap(optionOf), HELP],
    commands: [{ path: '', words, options: [] }, ...nodesBelow(program, '')],
  }
}

const HELP = { word: '--help', about: 'say more', value: { kind: 'none' } } as const

const nodesBelow = (command: Command, path: string): CommandNode[] =>
  command.commands.flatMap((child) => {
    const below = `${path} ${child.name()}`.trim()
    return [nodeOf(child, below), ...nodesBelow(child, below)]
  })

const nodeOf = (command: Command, path: string): CommandNode => ({
  path,
  words: wordsOf(command),
  options: command.options.flatMap(optionOf),
})

function wordsOf(command: Command): readonly Suggestion[] {
  const choices = command.registeredArguments[0]?.argChoices ?? []
  return [
    ...command.commands.map((child) => ({ word: child.name(), about: child.description() })),
    ...choices.map((word) => ({ word, about: '' })),
  ]
}

function optionOf(option: Option): readonly OptionNode[] {
  if (option.long === undefined || option.long === null) return []
  return [{ word: option.long, about: option.description, value: valueAfter(option) }]
}

/** An option whose value can be left out is followed by anything. */
function valueAfter({ flags, argChoices, required }: Option): OptionValue {
  if (!required) return { kind: 'none' }
  if (argChoices !== undefined) return { kind: 'choice', choices: argChoices }
  return flags.endsWith('<file>') ? { kind: 'file' } : { kind: 'free' }
}

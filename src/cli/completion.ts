import { Argument, type Command } from 'commander'
import { bashScript } from './completion/bash.ts'
import { fishScript } from './completion/fish.ts'
import { treeOf } from './completion/tree.ts'
import { zshScript } from './completion/zsh.ts'
import type { Terminal } from './terminal.ts'

const SCRIPTS = { bash: bashScript, zsh: zshScript, fish: fishScript } as const

/** `mooring completion <shell>`: a script for the shell, made from the commands that there are. */
export function completion(program: Command, { out }: Terminal): void {
  program
    .command('completion')
    .description('print a completion script for a shell')
    .addArgument(new Argument('<shell>').choices(Object.keys(SCRIPTS)))
    .action((shell: keyof typeof SCRIPTS) => out.write(SCRIPTS[shell](treeOf(program))))
}

import type { Command } from 'commander'
import { attachmentGrant } from './attachment/grant.ts'
import { attachmentList } from './attachment/list.ts'
import { attachmentRevoke } from './attachment/revoke.ts'
import { audit } from './audit.ts'
import { backupCreate } from './backup/create.ts'
import { backupList } from './backup/list.ts'
import { completion } from './completion.ts'
import { diskClone } from './disk/clone.ts'
import { diskCreate } from './disk/create.ts'
import { diskDelete } from './disk/delete.ts'
import { diskGrow } from './disk/grow.ts'
import { diskList } from './disk/list.ts'
import { diskPurge } from './disk/purge.ts'
import { diskRestore } from './disk/restore.ts'
import { diskShow } from './disk/show.ts'
import { diskUndelete } from './disk/undelete.ts'
import { initiatorList } from './initiator/list.ts'
import { initiatorRemove } from './initiator/remove.ts'
import { initiatorShow } from './initiator/show.ts'
import { everywhere } from './input/options.ts'
import { operationList } from './operation/list.ts'
import { operationShow } from './operation/show.ts'
import { policyAssign } from './policy/assign.ts'
import { policyAssignments } from './policy/assignments.ts'
import { policyCreate } from './policy/create.ts'
import { policyDelete } from './policy/delete.ts'
import { policyEffective } from './policy/effective.ts'
import { policyList } from './policy/list.ts'
import { policyShow } from './policy/show.ts'
import { policyUnassign } from './policy/unassign.ts'
import { policyUpdate } from './policy/update.ts'
import { projectCreate } from './project/create.ts'
import { projectDelete } from './project/delete.ts'
import { projectList } from './project/list.ts'
import { projectMove } from './project/move.ts'
import { projectShow } from './project/show.ts'
import { recoveryList } from './recovery/list.ts'
import { recoveryShow } from './recovery/show.ts'
import { rpCreate } from './rp/create.ts'
import { rpDelete } from './rp/delete.ts'
import { rpImages } from './rp/images.ts'
import { rpList } from './rp/list.ts'
import { rpShow } from './rp/show.ts'
import { rpUnlock } from './rp/unlock.ts'
import { rpUpdate } from './rp/update.ts'
import { type CliParts, createRun, type Run } from './run.ts'
import { scheduleList } from './schedule/list.ts'
import { scheduleShow } from './schedule/show.ts'
import { status } from './status.ts'
import { tokenCreate } from './token/create.ts'
import { tokenList } from './token/list.ts'
import { tokenRevoke } from './token/revoke.ts'
import { vgCreate } from './vg/create.ts'
import { vgDelete } from './vg/delete.ts'
import { vgList } from './vg/list.ts'
import { vgMove } from './vg/move.ts'
import { vgPurge } from './vg/purge.ts'
import { vgRestore } from './vg/restore.ts'
import { vgRevert } from './vg/revert.ts'
import { vgSet } from './vg/set.ts'
import { vgShow } from './vg/show.ts'
import { vgSpace } from './vg/space.ts'
import { vgUndelete } from './vg/undelete.ts'

/** Adds a verb below its noun. */
type AddVerb = (noun: Command, run: Run) => void

const NOUNS: readonly {
  readonly name: string
  readonly about: string
  readonly verbs: readonly AddVerb[]
}[] = [
  {
    name: 'project',
    about: 'folders of volume groups and projects',
    verbs: [projectList, projectShow, projectCreate, projectMove, projectDelete],
  },
  {
    name: 'vg',
    about: 'volume groups',
    verbs: [
      ...[vgList, vgShow, vgSpace, vgCreate, vgSet, vgMove, vgRestore, vgRevert],
      ...[vgDelete, vgUndelete, vgPurge],
    ],
  },
  {
    name: 'disk',
    about: 'disks of volume groups',
    verbs: [
      ...[diskList, diskShow, diskCreate, diskGrow, diskClone, diskRestore],
      ...[diskDelete, diskUndelete, diskPurge],
    ],
  },
  {
    name: 'rp',
    about: 'recovery points: what disks held at one instant',
    verbs: [rpList, rpShow, rpCreate, rpUpdate, rpUnlock, rpDelete, rpImages],
  },
  {
    name: 'policy',
    about: 'when recovery points are made, which are kept, and where they travel to',
    verbs: [
      ...[policyList, policyShow, policyCreate, policyUpdate, policyDelete],
      ...[policyAssign, policyUnassign, policyAssignments, policyEffective],
    ],
  },
  {
    name: 'schedule',
    about: 'when recovery points are due, and which were missed',
    verbs: [scheduleList, scheduleShow],
  },
  {
    name: 'initiator',
    about: 'who disks can be granted to',
    verbs: [initiatorList, initiatorShow, initiatorRemove],
  },
  {
    name: 'attachment',
    about: 'which initiator may reach which disk',
    verbs: [attachmentList, attachmentGrant, attachmentRevoke],
  },
  { name: 'token', about: 'rights to call this API', verbs: [tokenList, tokenCreate, tokenRevoke] },
  { name: 'backup', about: 'copies of the element’s database', verbs: [backupList, backupCreate] },
  {
    name: 'recovery',
    about: 'what was decided when database and data differed',
    verbs: [recoveryList, recoveryShow],
  },
  {
    name: 'operation',
    about: 'what was done, is under way, or failed',
    verbs: [operationList, operationShow],
  },
]

/** Adds the operator's verbs to a program. Its faults of usage become errors for `runCli`. */
export function addVerbs(program: Command, parts: CliParts): void {
  const { out, err } = parts.terminal
  everywhere(program)
    .exitOverride()
    .showHelpAfterError('(--help says more)')
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({ writeOut: (text) => out.write(text), writeErr: (text) => err.write(text) })
  const run = createRun(parts)
  status(program, run)
  audit(program, run)
  for (const { name, about, verbs } of NOUNS) {
    const noun = program.command(name).description(about)
    for (const addTo of verbs) addTo(noun, run)
  }
  completion(program, parts.terminal)
}

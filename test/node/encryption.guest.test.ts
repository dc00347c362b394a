import { testsInside } from '../guest/support/inside.ts'

await testsInside(`${import.meta.dirname}/encryption.inside.test.ts`, {
  name: 'luks',
  prepare: 'modprobe -a loop dm_mod dm_crypt ext4 xfs',
})

export type { Right, Role } from './access.ts'
export { createElementApi, type ElementApiOptions } from './api.ts'
export type { Auth, Token } from './auth.ts'
export { type ListenAddress, listen } from './listen.ts'

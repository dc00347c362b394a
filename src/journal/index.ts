export * from './definition.ts'
export * from './journal.ts'
export * from './options.ts'
export * from './ports.ts'

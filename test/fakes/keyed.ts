/** The same service; each of its calls is made with this key, for scenarios that give all that comes before it. */
export const keyed = <Service extends object>(service: Service, idempotencyKey: string): Service =>
  new Proxy(service, {
    get: (_target, name) => {
      const member: unknown = Reflect.get(service, name)
      if (typeof member !== 'function') return member
      return (...args: unknown[]) => Reflect.apply(member, service, [...args, { idempotencyKey }])
    },
  })

import { MillraceError } from '../../engine/errors.ts'

/** The address is taken, or not one of this machine. */
export function cannotListen({ host, port }: { host: string; port: number }, cause?: Error): MillraceError {
  return new MillraceError('cannot_listen', 'stop', `Cannot listen on ${host}:${port}; choose another port.`, { cause })
}

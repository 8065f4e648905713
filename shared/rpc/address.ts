/** host:port texts. */
import { isIP } from 'node:net';
import { SaraError } from '../errors.ts';

/** 'host:port' or '[v6]:port' in its parts. @throws SaraError CONFIG_INVALID */
export function splitAddress(address: string): { host: string; port: number } {
  const match = /^(?:\[([^\]]+)\]|([^:]+)):(\d{1,5})$/.exec(address);
  const port = Number(match?.[3]);
  const host = match?.[1] ?? match?.[2];
  if (host === undefined || !(port <= 65_535)) {
    throw new SaraError('CONFIG_INVALID', `'${address}' is not host:port with a port of 0 to 65535`, {
      address,
    });
  }
  return { host, port };
}

export function joinAddress(host: string, port: number): string {
  return isIP(host) === 6 ? `[${host}]:${port}` : `${host}:${port}`;
}

/** Whether only this machine can reach `host`. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
}

/** `sara nats-config`: what nats-server must know of the parts. */
import { natsPermissionsFile, type NatsUsers } from '../../shared/messaging/permissions.ts';

export const NATS_USERS: readonly NatsUsers[] = ['certificates', 'passwords'];

export function printNatsConfig({ users }: { readonly users: NatsUsers }): void {
  process.stdout.write(natsPermissionsFile(users));
}

/** What the NATS client throws, in our terms. */
import { JetStreamApiCodes, JetStreamApiError } from '@nats-io/jetstream';
import { PermissionViolationError } from '@nats-io/transport-node';
import { asSaraError, SaraError } from '../errors.ts';
import type { NatsLink } from './connection.ts';

/**
 * @param doing what failed, e.g. "reading key 'r1' of bucket sara-runs"
 * @returns STATE_CONFLICT when somebody else wrote first; PERMISSION_DENIED; NATS_UNAVAILABLE when the server did not
 *   answer or refused; INTERNAL for what the client throws at a wrong use
 */
export function natsError(thrown: unknown, doing: string, link: NatsLink): SaraError {
  if (thrown instanceof SaraError) return thrown;
  if (!(thrown instanceof Error)) return asSaraError(thrown);
  const context = { doing, server: link.nc.getServer(), serverVersion: link.serverVersion };
  if (isWrongRevision(thrown)) {
    return new SaraError(
      'STATE_CONFLICT',
      `${doing}: somebody else wrote it first (${thrown.message})`,
      context,
      {
        cause: thrown,
      },
    );
  }
  const violation = [thrown, thrown.cause].find((error) => error instanceof PermissionViolationError);
  if (violation !== undefined) {
    return new SaraError(
      'PERMISSION_DENIED',
      `${doing}: NATS does not allow it to this part (${thrown.message}); 'sara nats-config' prints what it needs`,
      context,
      { cause: thrown },
    );
  }
  if (thrown.name === 'JetStreamNotEnabled') {
    return new SaraError(
      'NATS_UNAVAILABLE',
      `${doing}: this nats-server runs without JetStream; start it with -js`,
      context,
      {
        cause: thrown,
      },
    );
  }
  if (['InvalidArgumentError', 'InvalidSubjectError', 'TypeError'].includes(thrown.name))
    return asSaraError(thrown);
  return new SaraError('NATS_UNAVAILABLE', `${doing}: ${thrown.message}`, context, { cause: thrown });
}

/** A compare-and-set that found another revision than it expected. */
export function isWrongRevision(thrown: unknown): boolean {
  return (
    thrown instanceof JetStreamApiError &&
    (thrown.code === JetStreamApiCodes.StreamWrongLastSequence ||
      thrown.code === JetStreamApiCodes.StreamWrongLastSequenceUnknown)
  );
}

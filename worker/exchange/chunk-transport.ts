/**
 * What the exchange needs of NATS, as an interface of bytes: tests put one between that loses, repeats and reorders.
 */
import type { NatsLink } from '../../shared/messaging/connection.ts';

export interface ChunkTransport {
  readonly connected: boolean;
  readonly maxPayloadBytes: number;
  whenConnected(signal?: AbortSignal): Promise<void>;
  /** A subject nobody else uses. */
  createInbox(): string;
  /** Sends and forgets. */
  publish(subject: string, data: Uint8Array, replyTo?: string): void;
  /** @returns ends the subscription */
  subscribe(
    subject: string,
    onMessage: (data: Uint8Array, subject: string, replyTo: string | null) => void,
  ): () => void;
  /** Resolves when the server has everything that was published and knows all subscriptions. */
  flush(): Promise<void>;
}

export function natsTransport(link: NatsLink): ChunkTransport {
  const { nc } = link;
  return {
    get connected() {
      return link.connected;
    },
    get maxPayloadBytes() {
      return link.maxPayloadBytes;
    },
    whenConnected: (signal) => link.whenConnected(signal),
    createInbox: () => link.createInbox(),
    publish: (subject, data, replyTo) => {
      if (!nc.isClosed()) nc.publish(subject, data, replyTo === undefined ? {} : { reply: replyTo });
    },
    subscribe: (subject, onMessage) => {
      const subscription = nc.subscribe(subject, {
        callback: (error, message) => {
          if (error === null) onMessage(message.data, message.subject, message.reply ?? null);
        },
      });
      return () => {
        subscription.unsubscribe();
      };
    },
    flush: () => nc.flush(),
  };
}

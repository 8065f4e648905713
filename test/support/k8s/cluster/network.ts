/**
 * A network of pods on this machine: each has a network namespace of its own, joined by a bridge that lies in one more
 * namespace. Nothing leads out of it, and the machine's own network is not touched.
 */
import { randomBytes } from 'node:crypto';
import { run } from './run.ts';

/** In no namespace but those made here. */
const SUBNET = '10.86.0';
const FIRST_HOST = 2;
const LAST_HOST = 254;

export interface PodLink {
  /** Name of the network namespace. */
  readonly namespace: string;
  readonly address: string;
}

export class PodNetwork {
  readonly #prefix: string;
  readonly #free = Array.from({ length: LAST_HOST - FIRST_HOST + 1 }, (_, i) => i + FIRST_HOST);
  readonly #links = new Map<string, PodLink & { readonly host: number }>();

  private constructor(prefix: string) {
    this.#prefix = prefix;
  }

  static async create(): Promise<PodNetwork> {
    const network = new PodNetwork(`sara-${randomBytes(3).toString('hex')}`);
    await run('ip', 'netns', 'add', network.#bridge);
    await ipIn(network.#bridge, 'link add br0 type bridge', 'link set br0 up');
    return network;
  }

  get #bridge(): string {
    return `${this.#prefix}-bridge`;
  }

  /** Addresses are used again as late as possible, as a cluster does. */
  async join(pod: string): Promise<PodLink> {
    const host = this.#free.shift();
    if (host === undefined) throw new Error('the pod network has no address left');
    const link = { namespace: `${this.#prefix}-${pod}`, address: `${SUBNET}.${host}`, host };
    this.#links.set(pod, link);
    const { namespace, address } = link;
    const end = `pod${host}`;
    await run('ip', 'netns', 'add', namespace);
    await ipIn(
      this.#bridge,
      `link add ${end} type veth peer name eth0 netns ${namespace}`,
      `link set ${end} master br0 up`,
    );
    await ipIn(namespace, `addr add ${address}/24 dev eth0`, 'link set lo up', 'link set eth0 up');
    return link;
  }

  async leave(pod: string): Promise<void> {
    const link = this.#links.get(pod);
    if (link === undefined) return;
    this.#links.delete(pod);
    await run('ip', 'netns', 'del', link.namespace);
    this.#free.push(link.host);
  }

  async close(): Promise<void> {
    for (const pod of [...this.#links.keys()]) await this.leave(pod);
    await run('ip', 'netns', 'del', this.#bridge);
  }
}

/** Commands of ip(8) in a namespace, one process for all. */
function ipIn(namespace: string, ...commands: string[]): Promise<string> {
  const batch = commands.map((command) => `'${command}'`).join(' ');
  return run('sh', '-c', `printf '%s\\n' ${batch} | ip -n ${namespace} -batch -`);
}

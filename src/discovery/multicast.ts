import { createSocket, type Socket } from 'node:dgram';
import { networkInterfaces } from 'node:os';
import { DiscoveryError } from './codes.ts';

const GROUP = '224.0.0.251';
const PORT = 5353;

/** An interface of this machine with an IPv4 address that others can reach. */
export interface LanInterface {
  readonly name: string;
  readonly address: string;
}

/** The interfaces that a LAN could be on: all with an IPv4 address but loopback. */
export function lanInterfaces(): readonly LanInterface[] {
  return Object.entries(networkInterfaces()).flatMap(([name, addresses]) => {
    const ipv4 = (addresses ?? []).find(({ family, internal }) => family === 'IPv4' && !internal);
    return ipv4 === undefined ? [] : [{ name, address: ipv4.address }];
  });
}

/** Multicast DNS on some interfaces at once. */
export interface Multicast extends AsyncDisposable {
  /** Those interfaces that do take multicast. */
  readonly interfaces: readonly LanInterface[];
  send(packet: Uint8Array): Promise<void>;
}

/**
 * Joins the mDNS group on each of the interfaces; what does not work on one of them leaves it out.
 *
 * @throws DiscoveryError `discovery/no-multicast` where no interface is left
 */
export async function openMulticast(
  interfaces: readonly LanInterface[],
  firstPacket: Uint8Array,
  onPacket: (packet: Uint8Array) => void,
): Promise<Multicast> {
  const attempts = await Promise.allSettled(
    interfaces.map(async (lan) => {
      const socket = await join(lan, onPacket);
      try {
        await sendTo(socket, firstPacket);
      } catch (cause) {
        socket.close();
        throw cause;
      }
      return { lan, socket };
    }),
  );
  const joined = attempts.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
  if (joined.length === 0) throw noMulticast(interfaces, attempts);
  return {
    interfaces: joined.map(({ lan }) => lan),
    send: async (packet) => {
      // An interface may go away at any time; the others still count.
      await Promise.allSettled(joined.map(({ socket }) => sendTo(socket, packet)));
    },
    [Symbol.asyncDispose]: async () => {
      await Promise.all(
        joined.map(({ socket }) => new Promise<void>((resolve) => socket.close(() => resolve()))),
      );
    },
  };
}

/** Port 5353 beside other responders where that is allowed, else any port ("one-shot", §5.1). */
async function join(lan: LanInterface, onPacket: (packet: Uint8Array) => void): Promise<Socket> {
  const socket = await bind(PORT).catch(() => bind(0));
  try {
    socket.addMembership(GROUP, lan.address);
    socket.setMulticastInterface(lan.address);
    socket.setMulticastTTL(255);
  } catch (cause) {
    socket.close();
    throw cause;
  }
  socket.on('message', (packet, { port }) => {
    // RFC 6762 §6: a response that does not come from port 5353 is ignored.
    if (port === PORT) onPacket(packet);
  });
  return socket;
}

function bind(port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = createSocket({ type: 'udp4', reuseAddr: true });
    const fail = (error: Error) => {
      socket.close();
      reject(error);
    };
    socket.once('error', fail);
    socket.bind(port, () => {
      socket.off('error', fail);
      // An interface that goes down reports errors here; what it said until then still counts.
      socket.on('error', () => {});
      resolve(socket);
    });
  });
}

function sendTo(socket: Socket, packet: Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.send(packet, PORT, GROUP, (error) => (error === null ? resolve() : reject(error)));
  });
}

function noMulticast(
  interfaces: readonly LanInterface[],
  attempts: readonly PromiseSettledResult<unknown>[],
): DiscoveryError {
  const names = interfaces.map(({ name }) => name);
  const what =
    names.length === 0
      ? 'this machine has no network interface with an IPv4 address besides loopback'
      : `multicast DNS does not work on ${names.join(', ')}`;
  const cause: unknown = attempts.find((one) => one.status === 'rejected')?.reason;
  return new DiscoveryError('discovery/no-multicast', what, {
    hint: 'Connect to the LAN (a container needs the host network), or use addresses directly.',
    details: { interfaces: names },
    ...(cause === undefined ? {} : { cause }),
  });
}

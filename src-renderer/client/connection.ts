import type { ClientContext, ClientLink } from '@orpc/client';
import { RPCLink as PortLink } from '@orpc/client/message-port';
import { RPCLink as SocketLink } from '@orpc/client/websocket';
import { shallowRef } from 'vue';

declare global {
  interface Window {
    /** Put there by the desktop's preload; absent in a browser. */
    readonly imagoDesktop?: { pathForFile(file: File): string };
  }
}

type Link = ClientLink<ClientContext>;

/** `lost` while a connection that once stood is being made again. */
export const connectionState = shallowRef<'connecting' | 'open' | 'lost'>('connecting');

export const isDesktop = window.imagoDesktop !== undefined;

const firstRetryMs = 250;
const longestRetryMs = 5000;

/** The port that the preload hands over, once; it lives as long as the window. */
function connectPort(): Promise<Link> {
  return new Promise((resolve) => {
    const receive = (message: MessageEvent) => {
      const port = message.ports[0];
      if (message.source !== window || message.data !== 'imago-studio-port' || !port) return;
      window.removeEventListener('message', receive);
      port.start();
      connectionState.value = 'open';
      resolve(new PortLink({ port }));
    };
    window.addEventListener('message', receive);
    window.postMessage('imago-studio-ready', '*');
  });
}

/** Keeps one WebSocket open, with growing pauses between attempts; answers with the link that stands. */
function keepSocket(): () => Promise<Link> {
  let current: Promise<Link>;
  let retryMs = firstRetryMs;
  const address = `${location.origin.replace(/^http/, 'ws')}/rpc`;

  const open = () => {
    current = new Promise<Link>((resolve) => {
      const attempt = () => {
        const socket = new WebSocket(address);
        socket.addEventListener('open', () => {
          retryMs = firstRetryMs;
          connectionState.value = 'open';
          resolve(new SocketLink({ websocket: socket }));
        });
        socket.addEventListener('close', () => {
          const stood = connectionState.value === 'open';
          connectionState.value = 'lost';
          if (stood) open();
          else window.setTimeout(attempt, retryMs);
          retryMs = Math.min(retryMs * 2, longestRetryMs);
        });
      };
      attempt();
    });
  };
  open();
  return () => current;
}

const standing = isDesktop
  ? (
      (port) => () =>
        port
    )(connectPort())
  : keepSocket();

/** A link that waits for a connection instead of failing while there is none. */
export const studioLink: Link = {
  async call(path, input, options) {
    const link = await standing();
    return link.call(path, input, options);
  },
};

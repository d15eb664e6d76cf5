import type { IncomingMessage } from 'node:http';

export interface Network {
  /** Address of the simple API of the Python package index, without a slash at the end. */
  indexUrl: string;
  certificates: string[] | undefined;
  proxyFor(url: URL): URL | undefined;
}

interface RequestOptions {
  network: Network;
  headers?: Record<string, string>;
  signal?: AbortSignal | undefined;
}

export function readNetwork(env?: Record<string, string | undefined>): Network;
export function plainUrl(address: string): string;
export function get(address: string, options: RequestOptions): Promise<{ response: IncomingMessage; url: URL }>;
export function getText(address: string, options: RequestOptions): Promise<{ text: string; type: string; url: URL }>;

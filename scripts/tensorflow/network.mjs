/**
 * HTTP as the Python package tools of this machine do it: index address, certificates and proxy come from their settings
 * (PIP_INDEX_URL, PIP_CERT, pip.conf, HTTPS_PROXY, NO_PROXY). Node's own modules only, and `fetch` knows neither a proxy nor a certificate file.
 */
import { existsSync, readFileSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import { homedir } from 'node:os';
import { join } from 'node:path';
import tls from 'node:tls';

const connectWithinMs = 10_000;
const silenceWithinMs = 60_000;
const mostRedirects = 5;

/** Lines `name = value` below [global] and [download] of pip's configuration files, the more particular one last. */
function readPipFiles(env) {
  const home = env.HOME || homedir();
  const files = [
    '/etc/pip.conf',
    '/etc/xdg/pip/pip.conf',
    join(home, '.pip', 'pip.conf'),
    join(home, 'Library', 'Application Support', 'pip', 'pip.conf'),
    join(env.XDG_CONFIG_HOME || join(home, '.config'), 'pip', 'pip.conf'),
    ...(env.VIRTUAL_ENV ? [join(env.VIRTUAL_ENV, 'pip.conf')] : []),
  ];
  if (env.PIP_CONFIG_FILE) files.push(env.PIP_CONFIG_FILE);
  const found = { global: {}, download: {} };
  for (const file of files) {
    if (!existsSync(file)) continue;
    let section = '';
    for (const line of readFileSync(file, 'utf8').split('\n')) {
      const head = /^\s*\[([^\]]+)\]/.exec(line);
      const pair = /^\s*([\w-]+)\s*[=:]\s*(.*?)\s*$/.exec(line);
      if (head) section = head[1];
      else if (pair && !/^\s*[#;]/.test(line) && section in found)
        found[section][pair[1].replaceAll('_', '-')] = pair[2].replace(/^(['"])(.*)\1$/, '$2');
    }
  }
  return { ...found.global, ...found.download };
}

/** @returns {import('./network.d.mts').Network} */
export function readNetwork(env = process.env) {
  const file = readPipFiles(env);
  const certificate = env.PIP_CERT || file.cert || env.REQUESTS_CA_BUNDLE || env.SSL_CERT_FILE;
  const pipProxy = env.PIP_PROXY || file.proxy;
  const without = (env.NO_PROXY || env.no_proxy || '')
    .split(',')
    .map((each) => each.trim().replace(/^\*?\./, ''))
    .filter(Boolean);
  return {
    indexUrl: (env.PIP_INDEX_URL || file['index-url'] || 'https://pypi.org/simple').replace(/\/+$/, ''),
    certificates: certificate && existsSync(certificate) ? [...tls.rootCertificates, readFileSync(certificate, 'utf8')] : undefined,
    proxyFor(url) {
      const host = url.hostname;
      if (without.some((each) => each === '*' || host === each || host.endsWith(`.${each}`))) return undefined;
      const proxy =
        pipProxy || (url.protocol === 'https:' ? env.HTTPS_PROXY || env.https_proxy : env.http_proxy || env.HTTP_PROXY) || env.ALL_PROXY;
      return proxy ? new URL(proxy.includes('://') ? proxy : `http://${proxy}`) : undefined;
    },
  };
}

/** An address that may be shown: without name and password. */
export function plainUrl(address) {
  const url = new URL(address);
  url.username = '';
  url.password = '';
  url.hash = '';
  return url.href;
}

function basic(url) {
  if (!url.username) return undefined;
  return `Basic ${Buffer.from(`${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`).toString('base64')}`;
}

/** A TLS connection through a proxy (CONNECT). */
function tunnel(url, proxy, network, signal) {
  return new Promise((resolve, reject) => {
    const target = `${url.hostname}:${url.port || 443}`;
    const authorization = basic(proxy);
    const asked = (proxy.protocol === 'https:' ? https : http).request({
      host: proxy.hostname,
      port: proxy.port || (proxy.protocol === 'https:' ? 443 : 80),
      method: 'CONNECT',
      path: target,
      headers: { host: target, ...(authorization ? { 'proxy-authorization': authorization } : {}) },
      timeout: connectWithinMs,
      signal,
    });
    asked.once('timeout', () => asked.destroy(new Error(`the proxy ${proxy.host} does not answer`)));
    asked.once('error', reject);
    asked.once('connect', (response, socket) => {
      if (response.statusCode !== 200) {
        socket.destroy();
        reject(new Error(`the proxy ${proxy.host} answered ${response.statusCode}`));
        return;
      }
      const secure = tls.connect({ socket, servername: url.hostname, ca: network.certificates }, () => resolve(secure));
      secure.once('error', reject);
    });
    asked.end();
  });
}

async function requestOnce(url, { network, headers, signal }) {
  const proxy = network.proxyFor(url);
  const authorization = basic(url);
  const options = {
    headers: { 'user-agent': 'plumbline-setup', ...headers, ...(authorization ? { authorization } : {}) },
    ca: network.certificates,
    signal,
  };
  const secure = url.protocol === 'https:';
  if (proxy && secure) {
    const socket = await tunnel(url, proxy, network, signal);
    options.createConnection = () => socket;
    options.agent = false;
  }
  const plainProxy = proxy && !secure;
  return new Promise((resolve, reject) => {
    const asked = plainProxy
      ? http.request({
          ...options,
          host: proxy.hostname,
          port: proxy.port || 80,
          path: url.href,
          headers: { ...options.headers, host: url.host },
        })
      : (secure ? https : http).request(url, options);
    const late = setTimeout(() => asked.destroy(new Error(`${url.host} does not answer`)), connectWithinMs);
    asked.once('error', (error) => {
      clearTimeout(late);
      reject(error);
    });
    asked.once('response', (response) => {
      clearTimeout(late);
      response.setTimeout(silenceWithinMs, () => response.destroy(new Error(`${url.host} sends nothing any more`)));
      resolve(response);
    });
    asked.end();
  });
}

/** One GET, redirects followed; name and password of the address go to its own host only. The answer is read by the caller. */
export async function get(address, options) {
  let url = new URL(address);
  for (let redirects = 0; redirects <= mostRedirects; redirects += 1) {
    const response = await requestOnce(url, options);
    const { location } = response.headers;
    if (![301, 302, 303, 307, 308].includes(response.statusCode ?? 0) || !location) return { response, url };
    response.resume();
    const next = new URL(location, url);
    if (url.protocol === 'https:' && next.protocol !== 'https:') throw new Error(`${url.host} leads from https to ${next.protocol}//`);
    if (next.host === url.host && !next.username) [next.username, next.password] = [url.username, url.password];
    url = next;
  }
  throw new Error(`${url.host} redirects too often`);
}

/** A whole answer as text. Throws where it is not 200. */
export async function getText(address, options) {
  const { response, url } = await get(address, options);
  if (response.statusCode !== 200) {
    response.resume();
    throw new Error(`${plainUrl(url.href)} answered ${response.statusCode}`);
  }
  const chunks = [];
  for await (const chunk of response) chunks.push(chunk);
  return { text: Buffer.concat(chunks).toString('utf8'), type: response.headers['content-type'] ?? '', url };
}

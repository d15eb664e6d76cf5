/** Finds one file in a Python package index by its simple API: JSON (PEP 691) where the index has it, else HTML (PEP 503). */
import { getText, plainUrl } from './network.mjs';

const accept = 'application/vnd.pypi.simple.v1+json, application/vnd.pypi.simple.v1+html;q=0.2, text/html;q=0.1';

function entities(text) {
  return text.replaceAll('&amp;', '&').replaceAll('&quot;', '"').replaceAll('&#39;', "'").replaceAll('&lt;', '<').replaceAll('&gt;', '>');
}

/**
 * The files that a page of the index lists.
 * @returns {import('./python-index.d.mts').IndexFile[]}
 */
export function readIndexPage(text, type, pageUrl) {
  const absolute = (href) => {
    const url = new URL(href, pageUrl);
    if (url.host === pageUrl.host && !url.username) [url.username, url.password] = [pageUrl.username, pageUrl.password];
    return url.href;
  };
  if (type.includes('json')) {
    return (JSON.parse(text).files ?? []).map((file) => ({
      name: String(file.filename),
      url: absolute(file.url),
      sha256: file.hashes?.sha256,
      bytes: file.size,
    }));
  }
  return [...text.matchAll(/<a\s[^>]*?href\s*=\s*(["'])(.*?)\1[^>]*>([^<]*)<\/a>/gis)].map((match) => {
    const [address, sum] = entities(match[2]).split('#');
    return {
      name: entities(match[3]).trim(),
      url: absolute(address),
      sha256: /sha256=([0-9a-f]{64})/.exec(sum ?? '')?.[1],
      bytes: undefined,
    };
  });
}

const normal = (name) => name.replaceAll(/[-_.]+/g, '_').toLowerCase();

/**
 * The wheel of a distribution and version whose platform tag fits; the one for Python 3.12 where there are several, because the Python in it
 * is never used.
 */
export function chooseWheel(files, { distribution, version, platform }) {
  const fitting = files.filter(({ name }) => {
    const parts = /^(.+?)-([^-]+)-(?:\d[^-]*-)?([^-]+)-([^-]+)-([^-]+)\.whl$/.exec(name);
    if (!parts) return false;
    return normal(parts[1]) === normal(distribution) && parts[2] === version && parts[5].split('.').some((tag) => platform.test(tag));
  });
  return fitting.find(({ name }) => name.includes('-cp312-')) ?? fitting.sort((a, b) => (a.name < b.name ? 1 : -1))[0];
}

/** @throws Error in words for a person: the index cannot be reached, has no such file, or another one than is known. */
export async function findWheel(wheel, { network, signal }) {
  const page = await getText(`${network.indexUrl}/${wheel.distribution}/`, { network, signal, headers: { accept } });
  const found = chooseWheel(readIndexPage(page.text, page.type, page.url), wheel);
  if (!found) throw new Error(`${plainUrl(network.indexUrl)} has no ${wheel.distribution} ${wheel.version} for this platform`);
  if (wheel.sha256 && found.sha256 && found.sha256 !== wheel.sha256) {
    throw new Error(`${plainUrl(network.indexUrl)} offers a ${found.name} with another checksum than the one that is known to be right`);
  }
  return { ...found, sha256: wheel.sha256 ?? found.sha256 };
}

/**
 * The package's own download, as its `scripts/install.js` and node-pre-gyp do it: libtensorflow and a compiled binding, no compiler needed.
 * It is an older TensorFlow (2.9.1) than the wheel's, for x64 without a GPU only.
 */
import { createHash } from 'node:crypto';
import { createReadStream, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { download } from './download.mjs';
import { get, plainUrl } from './network.mjs';
import { runCommand } from './run-command.mjs';

export const officialVersion = '2.9.1';

/**
 * Addresses of library and binding, or undefined where the package has none for the platform. TFJS_NODE_BASE_URI and TFJS_NODE_CDN_STORAGE name
 * a mirror, as for the package itself.
 * @param {{ version: string, binary: { host: string, remote_path: string, napi_versions: number[] } }} manifest package.json of the package
 */
export function officialUrls(manifest, { platform = process.platform, arch = process.arch, env = process.env } = {}) {
  if (arch !== 'x64' || (platform !== 'linux' && platform !== 'darwin')) return undefined;
  const storage = (env.TFJS_NODE_CDN_STORAGE || 'https://storage.googleapis.com/').replace(/\/*$/, '/');
  const base = env.TFJS_NODE_BASE_URI || `${storage}tensorflow/libtensorflow/libtensorflow-`;
  const napi = Math.max(...manifest.binary.napi_versions);
  const remote = manifest.binary.remote_path.replace('{napi_build_version}', String(napi)).replace('{version}', manifest.version);
  const host = (env.npm_config_tfjs_binding_binary_host_mirror || manifest.binary.host).replace(/\/*$/, '/');
  return {
    library: `${base}cpu-${platform}-x86_64-${officialVersion}.tar.gz`,
    binding: new URL(`${remote.replace(/^\.\//, '')}CPU-${platform}-${manifest.version}.tar.gz`, host).href,
  };
}

/** What the server says the file's md5 is (x-goog-hash), hexadecimal; fails at once where the server cannot be reached. */
async function askFor(url, { network, signal }) {
  const { response } = await get(url, { network, signal });
  const { statusCode, headers } = response;
  response.destroy();
  if (statusCode !== 200) throw new Error(`${plainUrl(url)} answered ${statusCode}`);
  const sum = /md5=([\w+/=]+)/.exec(String(headers['x-goog-hash'] ?? ''))?.[1];
  return sum && Buffer.from(sum, 'base64').toString('hex');
}

async function md5Of(file) {
  const hash = createHash('md5');
  for await (const chunk of createReadStream(file)) hash.update(chunk);
  return hash.digest('hex');
}

/**
 * Library and binding below `folder`, placed as in the package, because the binding looks for the library relative to itself.
 * @throws Error in words for a person
 */
export async function fetchOfficial({ packageDir, downloads, folder, network, progress, signal, env }) {
  const urls = officialUrls(JSON.parse(readFileSync(join(packageDir, 'package.json'), 'utf8')), { env });
  if (!urls) throw new Error('there is none for this platform');
  mkdirSync(downloads, { recursive: true });
  const parts = [
    { url: urls.binding, target: join(folder, 'lib', 'napi-v8'), strip: 1, what: 'TensorFlow binding' },
    { url: urls.library, target: join(folder, 'deps'), strip: 0, what: `TensorFlow ${officialVersion}` },
  ];
  for (const part of parts) part.md5 = await askFor(part.url, { network, signal });
  for (const { url, target, strip, what, md5 } of parts) {
    const file = join(downloads, new URL(url).pathname.split('/').at(-1));
    await download({ url, file, network, signal, onProgress: (now) => progress({ what, ...now }) });
    if (md5 && (await md5Of(file)) !== md5) throw new Error(`${plainUrl(url)} arrived damaged (md5)`);
    mkdirSync(target, { recursive: true });
    const result = await runCommand('tar', ['-xzf', file, '-C', target, `--strip-components=${strip}`], { signal });
    if (result.code !== 0) throw new Error(`tar could not unpack it: ${result.output.split('\n').at(-1)}`);
  }
  return { librariesFolder: join('deps', 'lib'), bindingFolder: join('lib', 'napi-v8') };
}

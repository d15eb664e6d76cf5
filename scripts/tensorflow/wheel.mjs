/**
 * Which Python wheels hold the TensorFlow library of this machine, and what is taken out of them: the libraries and the C headers. The Python
 * code in them is never used.
 */
import { execFile } from 'node:child_process';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { extractZip } from './zip.mjs';

export const tensorflowVersion = '2.18.1';

/** What was tried and measured: `distribution==version` and platform -> sha256 and bytes. Other versions are checked against the index alone. */
const known = {
  'tensorflow-cpu==2.18.1 linux-x64': ['8e0f27dbd92c6d380ae0ccfe73c7343f65c127b0aa98467c30c2e71eda7c76a4', 230_350_167],
  'tensorflow==2.18.1 linux-x64': ['442d2a774811789a8ad948e7286cb950fe3d87d3754e8cc6449d53b03dbfdaa6', 615_623_178],
  'tensorflow==2.18.1 linux-arm64': ['1ba52b9c06ab8102b31e50acfaf56899b923171e603c8942f2bfeb181d6bb59e', 232_000_000],
  'tensorflow==2.18.1 darwin-arm64': ['98afa9c7f21481cdc6ccd09507a7878d533150fbb001840cc145e2132eb40942', 240_000_000],
  'nvidia-cublas-cu12==12.5.3.2 linux-x64': ['ca070ad70e9fa6654084575d01bd001f30cc4665e33d4bb9fc8e0f321caa034b', 363_313_169],
  'nvidia-cuda-cupti-cu12==12.5.82 linux-x64': ['bde77a5feb66752ec61db2adfe47f56b941842825b4c7e2068aff27c9d107953', 13_811_507],
  'nvidia-cuda-nvrtc-cu12==12.5.82 linux-x64': ['3dbd97b0104b4bfbc3c4f8c79cd2496307c89c43c29a9f83125f1d76296ff3fd', 24_873_108],
  'nvidia-cuda-runtime-cu12==12.5.82 linux-x64': ['3e79a060e126df40fd3a068f3f787eb000fa51b251ec6cd97d09579632687115', 895_707],
  'nvidia-cudnn-cu12==9.3.0.75 linux-x64': ['9ad9c6929ebb5295eb4a1728024666d1c88283373e265a0c5c883e6f9d5cd76d', 577_163_502],
  'nvidia-cufft-cu12==11.2.3.61 linux-x64': ['9a6e8df162585750f61983a638104a48c756aa13f9f48e19ab079b38e3c828b8', 192_524_114],
  'nvidia-curand-cu12==10.3.6.82 linux-x64': ['2823fb27de4e44dbb22394a6adf53aa6e1b013aca0f8c22867d1cfae58405536', 56_309_107],
  'nvidia-cusolver-cu12==11.6.3.83 linux-x64': ['93cfafacde4428b71778eeb092ec615a02a3d05404da1bcf91c53e3fa1bce42b', 130_341_232],
  'nvidia-cusparse-cu12==12.5.1.3 linux-x64': ['016df8e993c437e8301e62739f01775cba988fd5253cd4c64173f8e8d2f8e752', 217_558_979],
  'nvidia-nccl-cu12==2.21.5 linux-x64': ['8579076d30a8c24988834445f8d633c697d42397e92ffc3f63fa26766d25e0a0', 188_654_414],
  'nvidia-nvjitlink-cu12==12.5.82 linux-x64': ['f9b37bc5c8cf7509665cb6ada5aaa0ce65618f2332b7d3e78e9790511f111212', 21_298_879],
};

/** Platform tags of wheels, PEP 425 and 600. */
const platforms = {
  'linux-x64': {
    tag: /^manylinux.*_x86_64$/,
    distribution: 'tensorflow-cpu',
    pip: ['manylinux_2_17_x86_64', 'manylinux2014_x86_64', 'manylinux_2_27_x86_64'],
  },
  'linux-arm64': {
    tag: /^manylinux.*_aarch64$/,
    distribution: 'tensorflow',
    pip: ['manylinux_2_17_aarch64', 'manylinux2014_aarch64', 'manylinux_2_27_aarch64'],
  },
  'darwin-arm64': { tag: /^macosx_.*_arm64$/, distribution: 'tensorflow', pip: ['macosx_12_0_arm64'] },
};

function describeWheel(distribution, version, name) {
  const [sha256, bytes] = known[`${distribution}==${version} ${name}`] ?? [];
  const { tag, pip } = platforms[name];
  return { distribution, version, platform: tag, pipPlatforms: pip, sha256, bytes };
}

/**
 * What a platform takes, or undefined where TensorFlow publishes nothing for it.
 * @returns {import('./wheel.d.mts').Plan | undefined}
 */
export function planFor({ platform = process.platform, arch = process.arch, gpu = false, version = tensorflowVersion } = {}) {
  const name = `${platform}-${arch}`;
  const found = platforms[name];
  if (!found || (gpu && name !== 'linux-x64')) return undefined;
  return {
    name: gpu ? `${name}-gpu` : name,
    version,
    wheel: describeWheel(gpu ? 'tensorflow' : found.distribution, version, name),
    // Unpacked, beside the largest wheel: 2.18.1 takes 0.69 + 0.23 and 4.1 + 0.62 GB.
    neededBytes: gpu ? 5.2e9 : 1.3e9,
  };
}

/** Only the XLA compiler calls it, which is not used. */
const unused = new Set(['nvidia-cuda-nvcc-cu12']);

/**
 * The CUDA wheels that a TensorFlow wheel asks for in its METADATA (extra `and-cuda`).
 * @param {string} metadata
 */
export function cudaWheels(metadata) {
  const wheels = [...metadata.matchAll(/^Requires-Dist:\s*(nvidia-[\w-]+)\s*\(?==\s*([\w.]+)\)?\s*;.*extra\s*==\s*['"]and-cuda['"]/gm)]
    .filter((match) => !unused.has(match[1]))
    .map((match) => describeWheel(match[1], match[2], 'linux-x64'));
  if (wheels.length === 0) throw new Error('the TensorFlow wheel names no CUDA libraries');
  return wheels;
}

const headers = ['tensorflow/c/', 'tensorflow/core/platform/ctstring', 'tsl/platform/ctstring', 'xla/tsl/c/'];

/** Where an entry of a wheel goes below the cache folder, or undefined: it is left out. */
export function targetInCache(entry) {
  const name = basename(entry);
  if (/^nvidia\/[\w-]+\/lib\/.+\.so/.test(entry)) return entry;
  if (/^libtensorflow_(cc|framework)\./.test(name)) return join('lib', name);
  if (/^[^/]+\.libs\//.test(entry)) return entry;
  if (/^tensorflow-[^/]+\.dist-info\/METADATA$/.test(entry)) return 'METADATA';
  const include = entry.split('tensorflow/include/')[1];
  return include !== undefined && headers.some((each) => include.startsWith(each)) ? join('include', include) : undefined;
}

/** Unpacks libraries and headers of a wheel below `folder`. */
export async function unpackWheel(file, folder) {
  const taken = await extractZip(file, (entry) => {
    const target = targetInCache(entry);
    return target && join(folder, target);
  });
  if (taken.length === 0) throw new Error(`${basename(file)} holds no library`);
}

/** A python that has pip, or undefined. */
export async function findPython() {
  for (const name of ['python3', 'python']) {
    const works = await promisify(execFile)(name, ['-m', 'pip', '--version']).then(
      () => true,
      () => false,
    );
    if (works) return name;
  }
  return undefined;
}

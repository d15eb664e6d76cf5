import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

export interface OpAttribute {
  readonly name: string;
  readonly type: number;
  readonly value: boolean | number | string | readonly number[];
}

interface TensorMetadata {
  readonly id: number;
  readonly shape: number[];
  readonly dtype: number;
}

/** The Node-API surface of `@tensorflow/tfjs-node-gpu`'s binding over the C API of TensorFlow: eager operations and SavedModels. */
export interface NativeBinding {
  /** Shares the memory of `values`: the caller must never touch it again. */
  createTensor(shape: readonly number[], dtype: number, values: Float32Array | Int32Array | Uint8Array): number;
  deleteTensor(id: number): void;
  tensorDataSync(id: number): Float32Array | Int32Array | Uint8Array;
  executeOp(name: string, attributes: readonly OpAttribute[], inputs: readonly number[], outputs: number): TensorMetadata[];
  loadSavedModel(directory: string, tags: string): number;
  deleteSavedModel(id: number): void;
  runSavedModel(id: number, inputs: readonly number[], inputNames: string, outputNames: string): TensorMetadata[];
  isUsingGpuDevice(): boolean;
  readonly TF_FLOAT: number;
  readonly TF_INT32: number;
  readonly TF_BOOL: number;
  readonly TF_RESOURCE: number;
  readonly TF_ATTR_STRING: number;
  readonly TF_ATTR_INT: number;
  readonly TF_ATTR_FLOAT: number;
  readonly TF_ATTR_BOOL: number;
  readonly TF_ATTR_TYPE: number;
  readonly TF_ATTR_SHAPE: number;
  readonly TF_Version: string;
}

export interface NativeSettings {
  /** `cpu` hides every GPU from the library. */
  readonly device?: 'auto' | 'cpu' | 'gpu';
  /** Default: true. */
  readonly hugePages?: boolean;
  /** Folders of the CUDA libraries (`cudaLibraries`). */
  readonly libraryFolders?: readonly string[];
  /** Settings that are there already and are added to. */
  readonly inherited?: Readonly<Record<string, string | undefined>>;
}

/**
 * Environment that an entry point sets before the first `createEngine`, or gives to the child process that will train: TensorFlow reads it
 * when its library is loaded. GLIBC_TUNABLES (huge pages) and LD_LIBRARY_PATH only have effect on a process that was started with them.
 */
export function nativeEnvironment(threads: number, settings: NativeSettings = {}): Record<string, string> {
  const { inherited = {}, libraryFolders = [] } = settings;
  const environment: Record<string, string> = {
    TF_CPP_MIN_LOG_LEVEL: '2',
    TF_NUM_INTRAOP_THREADS: String(threads),
    TF_NUM_INTEROP_THREADS: String(threads),
    // Without it TensorFlow takes the whole memory of the GPU at once.
    TF_FORCE_GPU_ALLOW_GROWTH: 'true',
  };
  if (settings.device === 'cpu') environment.CUDA_VISIBLE_DEVICES = '-1';
  if (settings.hugePages !== false) {
    const others = (inherited.GLIBC_TUNABLES ?? '').split(':').filter((each) => each !== '' && !each.startsWith('glibc.malloc.hugetlb='));
    environment.GLIBC_TUNABLES = [...others, 'glibc.malloc.hugetlb=1'].join(':');
  }
  if (libraryFolders.length > 0) {
    const others = (inherited.LD_LIBRARY_PATH ?? '').split(':').filter((each) => each !== '' && !libraryFolders.includes(each));
    environment.LD_LIBRARY_PATH = [...libraryFolders, ...others].join(':');
  }
  return environment;
}

/** Where the binding lies: the one in node_modules, which "plumbline setup tensorflow" links to the user cache. */
export function bindingFile(libraryFile?: string): string {
  if (libraryFile !== undefined) return libraryFile;
  const require = createRequire(import.meta.url);
  return join(dirname(require.resolve('@tensorflow/tfjs-node-gpu/package.json')), 'lib', 'napi-v8', 'tfjs_binding.node');
}

/** Loads the binding, or says why it cannot be loaded. `libraryFile` replaces the one in node_modules. */
export function loadNativeBinding(libraryFile?: string): { binding: NativeBinding } | { reason: string } {
  const require = createRequire(import.meta.url);
  try {
    const file = bindingFile(libraryFile);
    if (!existsSync(file)) return { reason: 'the native TensorFlow library is not set up' };
    return { binding: require(file) as NativeBinding };
  } catch (error) {
    const text = error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error);
    return { reason: `the native TensorFlow library does not load: ${text}` };
  }
}

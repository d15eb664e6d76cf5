/** How the tensor engine is set up; parsed from the environment in lib/env.ts, described in docs/tensorflow.md. */
export interface EngineSettings {
  readonly backend: 'auto' | 'native' | 'wasm';
  /** `auto`: a GPU where the library sees one. `gpu`: nothing else will do. */
  readonly device: 'auto' | 'cpu' | 'gpu';
  /** Null: as many as the machine has cores. */
  readonly threads: number | null;
  /** A compiled binding other than the one in node_modules. */
  readonly nativeLibrary: string | null;
  /** The C library asks the kernel for huge pages: about 20 % faster, Linux only. */
  readonly hugePages: boolean;
  /** What tensors may take; null: three quarters of what this process may have. */
  readonly memoryLimitBytes: number | null;
}

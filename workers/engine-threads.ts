/**
 * Threads of the tensor engine: as set, else all cores. Stored with a run, which resumes only under the same number. The worker puts it
 * into the child's environment, where the native library reads it, and the child into the engine's mode.
 */
export function engineThreads(configured: number | null, cores: number): number {
  return configured ?? cores;
}

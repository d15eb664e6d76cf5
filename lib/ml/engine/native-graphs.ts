import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { feedName, type GraphProgram, savedModelFile, valueName } from './graph-program';
import type { NativeBinding } from './native-binding';

/** A loaded graph: one call computes all its outputs. */
interface LoadedGraph {
  readonly session: number;
  readonly inputNames: string;
  readonly outputNames: string;
}

/** Graphs beyond this number push out the one that was not used for the longest time. */
const keptGraphs = 192;

/** Recorded programs by signature, loaded once through a SavedModel: the only door that the binding has for a graph. */
export class NativeGraphs {
  private readonly loaded = new Map<string, LoadedGraph>();

  constructor(private readonly binding: NativeBinding) {}

  /** Runs the program of `signature`, which is loaded when it is met for the first time. Ids of the outputs, in order. */
  run(signature: string, program: () => GraphProgram, feeds: readonly number[]): number[] {
    const graph = this.graphOf(signature, program);
    if (graph.outputNames === '') return [];
    return this.binding.runSavedModel(graph.session, feeds, graph.inputNames, graph.outputNames).map(({ id }) => id);
  }

  private graphOf(signature: string, program: () => GraphProgram): LoadedGraph {
    const found = this.loaded.get(signature);
    if (found) {
      // the order of a Map is the order of insertion: the most recently used one goes to the end
      this.loaded.delete(signature);
      this.loaded.set(signature, found);
      return found;
    }
    const graph = this.load(program());
    this.loaded.set(signature, graph);
    if (this.loaded.size > keptGraphs) {
      const [oldest] = this.loaded;
      if (oldest) {
        this.binding.deleteSavedModel(oldest[1].session);
        this.loaded.delete(oldest[0]);
      }
    }
    return graph;
  }

  private load(program: GraphProgram): LoadedGraph {
    const directory = mkdtempSync(join(tmpdir(), 'plumbline-graph-'));
    try {
      writeFileSync(join(directory, 'saved_model.pb'), savedModelFile(this.binding, program));
      return {
        session: this.binding.loadSavedModel(directory, 'serve'),
        inputNames: program.feeds.map((_, index) => `${feedName(index)}:0`).join(','),
        outputNames: program.outputs.map(valueName).join(','),
      };
    } finally {
      rmSync(directory, { recursive: true });
    }
  }
}
